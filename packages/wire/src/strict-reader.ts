import { type Id, idBytes } from '@dht/overlay';
import { PbfReader } from 'pbf';
import { idTable } from './id-table.ts';
import { WireError } from './wire-error.ts';

/** Protobuf wire types; groups (3 and 4) are not part of proto3 and are refused. */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
export type WireType = (typeof wireType)[keyof typeof wireType];

/**
 * pbf trusts its input: byte strings beyond the end come out short, a nested message may reach past the one around it, and field 0
 * ends a message early. This reader keeps pbf's decoding of varints and checks every bound itself, so that a `WireError` is all
 * that can come out of foreign bytes.
 */
export class StrictReader extends PbfReader {
  /** Where the message being read ends. */
  end: number;

  constructor(bytes: Uint8Array) {
    super(bytes);
    this.end = bytes.length;
  }

  /** The number of the next field, its wire type in `type`; 0 at the end of the message. */
  nextNumber(): number {
    if (this.pos >= this.end) return 0;
    const tag = this.uint();
    if (tag < 8 || tag > 0xffff_ffff) throw new WireError('malformed', `tag ${tag} names no field`);
    this.type = tag & 7;
    return tag >>> 3;
  }

  /** An unsigned integer that a number holds exactly. */
  uint(): number {
    const byte = this.buf[this.pos];
    if (byte !== undefined && byte < 0x80 && this.pos < this.end) {
      this.pos += 1;
      return byte;
    }
    const value = this.#varint();
    if (!Number.isSafeInteger(value)) throw new WireError('limit', 'an integer is above 2^53 - 1');
    return value;
  }

  /** The bytes of a length-delimited value, a view on the input. */
  view(): Uint8Array {
    const end = this.lengthEnd();
    const bytes = this.buf.subarray(this.pos, end);
    this.pos = end;
    return bytes;
  }

  id(): Id {
    const end = this.lengthEnd();
    if (end - this.pos !== idBytes) throw new WireError('limit', `an id has ${idBytes} bytes, not ${end - this.pos}`);
    const id = idTable.read(this.dataView, this.pos);
    this.pos = end;
    return id;
  }

  /** Reads the length of a value and returns where it ends, within the message being read. */
  lengthEnd(): number {
    const length = this.uint();
    if (length > this.end - this.pos) throw new WireError('malformed', `a value of ${length} bytes reaches beyond its message`);
    return this.pos + length;
  }

  /** Reads a message within the message being read. */
  within<T>(read: (reader: StrictReader) => T): T {
    const outerEnd = this.end;
    this.end = this.lengthEnd();
    const value = read(this);
    this.end = outerEnd;
    return value;
  }

  /** Passes over the value of a field of no interest. */
  skipValue(): void {
    if (this.type === wireType.varint) this.#varint();
    else if (this.type === wireType.bytes) this.pos = this.lengthEnd();
    else if (this.type === wireType.fixed32) this.#advance(4);
    else if (this.type === wireType.fixed64) this.#advance(8);
    else throw new WireError('malformed', `wire type ${this.type} is not allowed`);
  }

  #varint(): number {
    let value: number;
    try {
      value = this.readVarint();
    } catch {
      throw new WireError('malformed', 'a varint has no end');
    }
    if (this.pos > this.end) throw new WireError('malformed', 'a varint reaches beyond its message');
    return value;
  }

  #advance(length: number): void {
    if (length > this.end - this.pos) throw new WireError('malformed', 'a fixed-width value reaches beyond its message');
    this.pos += length;
  }
}
