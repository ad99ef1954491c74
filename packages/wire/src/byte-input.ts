import { WireError } from './wire-error.ts';

/** Enough for a few small frames, so that input in tiny pieces does not allocate for each of them. */
const carryBytesMin = 256;
/** A varint of more bytes holds no length that any limit allows. */
const prefixBytesMax = 5;

/**
 * Input in chunks of any size, read as if it were one string of bytes. A chunk is read in place; only what is left of it when the
 * next one comes is copied, into a buffer that grows with what has really arrived and never with what a peer announces.
 */
export class ByteInput {
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  /** Whether `#bytes` is this object's own and has room behind `#end`. */
  #owned = false;

  /** Bytes that have come and have not been taken. */
  get available(): number {
    return this.#end - this.#start;
  }

  /** The caller leaves `chunk` as it is until all of it has been taken or the next one is pushed. */
  push(chunk: Uint8Array): void {
    if (this.available === 0) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      this.#owned = false;
    } else this.#append(chunk);
  }

  /**
   * Reads an unsigned varint of at most `max`, or nothing at all while it is incomplete. Throws a `WireError` as soon as it must
   * be longer or larger than that.
   */
  takeLength(max: number): number | undefined {
    let value = 0;
    for (let i = 0; i < prefixBytesMax; i++) {
      if (i >= this.available) return undefined;
      const byte = this.#bytes[this.#start + i] as number;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (value > max) throw new WireError('limit', `a length of ${value} or more bytes is above ${max}`);
      if (byte < 0x80) {
        this.#start += i + 1;
        return value;
      }
    }
    throw new WireError('malformed', 'a length has no end');
  }

  /** The next `length` bytes in one piece, which no later input overwrites; nothing while they have not all come. */
  take(length: number): Uint8Array | undefined {
    if (length > this.available) return undefined;
    const taken = this.#bytes.subarray(this.#start, this.#start + length);
    this.#start += length;
    return taken;
  }

  /** Moves what there is to `target` from `offset` on, up to its end, and returns how many bytes that were. */
  takeInto(target: Uint8Array, offset: number): number {
    const length = Math.min(this.available, target.length - offset);
    target.set(this.#bytes.subarray(this.#start, this.#start + length), offset);
    this.#start += length;
    return length;
  }

  /** Passes over up to `length` bytes and returns how many. */
  skip(length: number): number {
    const skipped = Math.min(this.available, length);
    this.#start += skipped;
    return skipped;
  }

  #append(chunk: Uint8Array): void {
    const needed = this.available + chunk.length;
    if (!this.#owned || this.#end + chunk.length > this.#bytes.length) {
      // Never moved within the buffer: what was handed out from it stays as it is. Doubled: each byte is copied twice on average.
      const carry = new Uint8Array(Math.max(needed, 2 * this.available, carryBytesMin));
      carry.set(this.#bytes.subarray(this.#start, this.#end));
      this.#end = this.available;
      this.#start = 0;
      this.#bytes = carry;
      this.#owned = true;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }
}
