import { assert } from './assert.ts';

/** Bits of an id. */
export const idBits = 256;
/** Bytes of an id. */
export const idBytes = 32;
/** Hexadecimal digits of an id: with b = 4 bits a digit, the columns of the routing table are these. */
export const idDigits = 64;
/** Digits are hexadecimal. */
export const digitValues = 16;

const hexPattern = /^[0-9a-f]{64}$/;
/** Digits that a `top` has: as many as an exact integer holds. */
export const topDigits = 12;
const halfTopDigits = topDigits / 2;
const highUnit = 2 ** (4 * halfTopDigits);
const byteToHex: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * A point on the ring: a node's id or a key, 256 bits.
 *
 * Compared by value (`equals`, `compareIds`), used in maps by `hex`. The first 48 bits are kept as an exact integer, because
 * ring comparisons are the hot path of routing and nearly always decided there; only near ties look at the rest.
 */
export class Id {
  /** 64 lower-case hexadecimal digits, most significant first. */
  readonly hex: string;
  /** The first 24 bits. Numbers as small as this lie in the object itself, larger ones somewhere else in memory, which costs more than to add them up. */
  readonly #high: number;
  /** The 24 bits after those: as good as random, for hash tables. */
  readonly hash: number;

  private constructor(hex: string) {
    this.hex = hex;
    this.#high = numberOfDigits(hex, 0);
    this.hash = hashOfDigits(hex);
  }

  /** The 48 most significant bits, an exact integer. */
  get top(): number {
    return this.#high * highUnit + this.hash;
  }

  /** Throws when `hex` is not 64 lower-case hexadecimal digits. */
  static fromHex(hex: string): Id {
    assert(hexPattern.test(hex), 'an id has 64 lower-case hexadecimal digits');
    return new Id(hex);
  }

  /** The lowest id that begins with these digits, which are not looked at: for those that have been checked already. */
  static startingWith(digits: string): Id {
    return new Id(digits.padEnd(idDigits, '0'));
  }

  /** Throws when `bytes` is not 32 bytes long. */
  static fromBytes(bytes: Uint8Array): Id {
    assert(bytes.length === idBytes, 'an id has 32 bytes');
    let hex = '';
    for (const byte of bytes) hex += byteToHex[byte];
    return new Id(hex);
  }

  /** `value` modulo 2²⁵⁶. */
  static fromBigInt(value: bigint): Id {
    return new Id(BigInt.asUintN(idBits, value).toString(16).padStart(idDigits, '0'));
  }

  toBytes(): Uint8Array {
    const bytes = new Uint8Array(idBytes);
    for (let i = 0; i < idBytes; i++) bytes[i] = Number.parseInt(this.hex.slice(2 * i, 2 * i + 2), 16);
    return bytes;
  }

  toBigInt(): bigint {
    return BigInt(`0x${this.hex}`);
  }

  /** The digit at `index`, 0 to 15; index 0 is the most significant. */
  digit(index: number): number {
    return digitAt(this.hex, index);
  }

  equals(other: Id): boolean {
    return this === other || (this.hash === other.hash && this.hex === other.hex);
  }

  /** The first eight digits, for people. */
  toString(): string {
    return this.hex.slice(0, 8);
  }

  toJSON(): string {
    return this.hex;
  }
}

/** The number that the first twelve digits make, which are the upper 48 bits of an id. */
export function topOfDigits(hex: string): number {
  return numberOfDigits(hex, 0) * highUnit + hashOfDigits(hex);
}

/** The lower half of that number. */
export function hashOfDigits(hex: string): number {
  return numberOfDigits(hex, halfTopDigits);
}

/** Of half the digits of a `top`, beginning with `start`: as many as a small integer holds. */
function numberOfDigits(hex: string, start: number): number {
  let number = 0;
  for (let index = start; index < start + halfTopDigits; index++) number = (number << 4) | digitAt(hex, index);
  return number;
}

/** 0 to 15. */
export function digitAt(hex: string, index: number): number {
  const code = hex.charCodeAt(index);
  return code < 58 ? code - 48 : code - 87;
}

/** Negative when `a` is numerically below `b`, 0 when equal, positive when above. */
export function compareIds(a: Id, b: Id): number {
  const difference = a.top - b.top;
  if (difference !== 0) return difference;
  if (a.hex === b.hex) return 0;
  return a.hex < b.hex ? -1 : 1;
}

/** The number of leading digits that `a` and `b` share, 0 to 64. */
export function sharedPrefixLength(a: Id, b: Id): number {
  let length = 0;
  while (length < idDigits && a.hex.charCodeAt(length) === b.hex.charCodeAt(length)) length++;
  return length;
}
