import { Id, idBytes } from '@dht/overlay';
import type { PbfWriter } from 'pbf';
import { idTable } from './id-table.ts';
import { limits } from './limits.ts';
import { type StrictReader, type WireType, wireType } from './strict-reader.ts';
import { WireError } from './wire-error.ts';

const zeroDigit = '0'.charCodeAt(0);

/** How one kind of value is written behind its tag. `write` and `read` refuse what is beyond the limits; `size` never does. */
export interface Kind<T> {
  readonly wireType: WireType;
  // Properties and not methods, whose parameters the compiler compares in both directions: a kind that lacks a value of an enum
  // must not pass for one that has it.
  /** Bytes that `write` writes, a length prefix included. */
  readonly size: (value: T) => number;
  readonly write: (value: T, writer: PbfWriter) => void;
  readonly read: (reader: StrictReader) => T;
}

/** Bytes of `value` as a varint. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Bytes of `length` bytes with their length before them. */
export function prefixedSize(length: number): number {
  return varintSize(length) + length;
}

/** An unsigned integer from 0 to `max`. */
export function uint(max: number = limits.integerMax): Kind<number> {
  return {
    wireType: wireType.varint,
    size: varintSize,
    write(value, writer) {
      if (!Number.isInteger(value) || value < 0 || value > max) throw new WireError('limit', `${value} is no integer from 0 to ${max}`);
      writer.writeVarint(value);
    },
    read(reader) {
      const value = reader.uint();
      if (value > max) throw new WireError('limit', `${value} is above ${max}`);
      return value;
    },
  };
}

/**
 * A quantity that the core keeps as a fraction and the wire as `1 / unitsPerOne` whole units, rounded; what is above `max` units or
 * below nothing is sent as the nearest that is allowed.
 */
export function rounded(unitsPerOne: number, max: number): Kind<number> {
  const kind = uint(max);
  const toUnits = (value: number): number => Math.min(Math.max(Math.round(value * unitsPerOne), 0), max);
  return {
    wireType: wireType.varint,
    size: (value) => varintSize(toUnits(value)),
    write(value, writer) {
      if (Number.isNaN(value)) throw new WireError('limit', 'a quantity is not a number');
      writer.writeVarint(toUnits(value));
    },
    read: (reader) => kind.read(reader) / unitsPerOne,
  };
}

export const boolean: Kind<boolean> = {
  wireType: wireType.varint,
  size: () => 1,
  write: (value, writer) => writer.writeVarint(value ? 1 : 0),
  read(reader) {
    const value = reader.uint();
    if (value > 1) throw new WireError('malformed', `a boolean is 0 or 1, not ${value}`);
    return value === 1;
  },
};

/** The values of an enum, the first of which has number 1: 0 is what an absent field would say. */
export function oneOf<const T extends string>(...values: readonly T[]): Kind<T> {
  const numbers = new Map(values.map((value, index) => [value, index + 1]));
  return {
    wireType: wireType.varint,
    size: () => 1,
    write(value, writer) {
      const number = numbers.get(value);
      if (number === undefined) throw new WireError('unknown-value', `${value} is none of ${values.join(', ')}`);
      writer.writeVarint(number);
    },
    read(reader) {
      const number = reader.uint();
      const value = values[number - 1];
      if (value === undefined) throw new WireError('unknown-value', `${number} is the number of none of ${values.join(', ')}`);
      return value;
    },
  };
}

export const id: Kind<Id> = {
  wireType: wireType.bytes,
  size: () => 1 + idBytes,
  write(value, writer) {
    writer.writeVarint(idBytes);
    writer.realloc(idBytes);
    idTable.write(value, writer.dataView, writer.pos);
    writer.pos += idBytes;
  },
  read: (reader) => reader.id(),
};

/** An id without the zeros at its end, of which places on the ring that are cut off have many. */
export const place: Kind<Id> = {
  wireType: wireType.bytes,
  size: (value) => 1 + placeBytes(value),
  write(value, writer) {
    const length = placeBytes(value);
    writer.writeVarint(length);
    writer.realloc(idBytes);
    idTable.write(value, writer.dataView, writer.pos);
    writer.pos += length;
  },
  read(reader) {
    const view = reader.view();
    if (view.length > idBytes) throw new WireError('limit', `an id has at most ${idBytes} bytes, not ${view.length}`);
    if (view.length === idBytes) return idTable.read(reader.dataView, reader.pos - idBytes);
    const whole = new Uint8Array(idBytes);
    whole.set(view);
    return Id.fromBytes(whole);
  },
};

function placeBytes({ hex }: Id): number {
  let digits = hex.length;
  while (digits > 2 && hex.charCodeAt(digits - 1) === zeroDigit) digits--;
  return (digits + 1) >> 1;
}

/** A byte string of `min` to `max` bytes. What is read is a copy, so that it does not keep the network's buffer alive. */
export function bytes(min: number, max: number): Kind<Uint8Array> {
  const check = (length: number): void => {
    if (length < min || length > max) throw new WireError('limit', `a byte string of ${length} bytes instead of ${min} to ${max}`);
  };
  return {
    wireType: wireType.bytes,
    size: (value) => prefixedSize(value.length),
    write(value, writer) {
      check(value.length);
      writer.writeBytes(value);
    },
    read(reader) {
      const view = reader.view();
      check(view.length);
      return new Uint8Array(view);
    },
  };
}

const byteToHex: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Exactly `length` bytes, which the core keeps as lower-case hexadecimal digits. */
export function hexBytes(length: number): Kind<string> {
  const pattern = patternOf(length);
  return {
    wireType: wireType.bytes,
    size: () => prefixedSize(length),
    write(value, writer) {
      writer.writeBytes(fromHex(value, pattern));
    },
    read(reader) {
      const view = reader.view();
      if (view.length !== length) throw new WireError('limit', `a byte string of ${view.length} bytes instead of ${length}`);
      return toHex(view);
    },
  };
}

/** At most `max` strings of `length` bytes each, one behind the other. */
export function hexBytesList(length: number, max: number): Kind<readonly string[]> {
  const pattern = patternOf(length);
  return {
    wireType: wireType.bytes,
    size: (list) => prefixedSize(length * list.length),
    write(list, writer) {
      if (list.length > max) throw new WireError('limit', `a list of ${list.length} byte strings instead of at most ${max}`);
      const binary = new Uint8Array(length * list.length);
      for (const [index, value] of list.entries()) binary.set(fromHex(value, pattern), index * length);
      writer.writeBytes(binary);
    },
    read(reader) {
      const view = reader.view();
      if (view.length % length !== 0 || view.length > length * max)
        throw new WireError('limit', `${view.length} bytes are no list of at most ${max} byte strings of ${length}`);
      const list: string[] = [];
      for (let start = 0; start < view.length; start += length) list.push(toHex(view.subarray(start, start + length)));
      return list;
    },
  };
}

function patternOf(length: number): RegExp {
  return new RegExp(`^[0-9a-f]{${2 * length}}$`);
}

function fromHex(value: string, pattern: RegExp): Uint8Array {
  if (!pattern.test(value)) throw new WireError('limit', `${value} does not match ${pattern}`);
  const binary = new Uint8Array(value.length / 2);
  for (let i = 0; i < binary.length; i++) binary[i] = Number.parseInt(value.slice(2 * i, 2 * i + 2), 16);
  return binary;
}

function toHex(binary: Uint8Array): string {
  let hex = '';
  for (const byte of binary) hex += byteToHex[byte];
  return hex;
}

const multihashPrefix = [0x12, 0x20] as const;
const anyMultihash = bytes(limits.multihashBytes, limits.multihashBytes);

/** A sha2-256 multihash in full length: 0x12, 0x20, digest. */
export const multihash: Kind<Uint8Array> = {
  wireType: wireType.bytes,
  size: anyMultihash.size,
  write(value, writer) {
    checkMultihash(value);
    anyMultihash.write(value, writer);
  },
  read(reader) {
    const value = anyMultihash.read(reader);
    checkMultihash(value);
    return value;
  },
};

function checkMultihash(value: Uint8Array): void {
  const isSha256 = value[0] === multihashPrefix[0] && value[1] === multihashPrefix[1];
  if (!isSha256) throw new WireError('limit', 'a multihash is sha2-256 with 32 bytes of digest');
}
