import type { Uint8ArrayList } from 'uint8arraylist';

/**
 * What a receiver of blocks writes back on the block stream, again and again: the bytes of the stream, headers included, that it
 * has taken so far, as an unsigned 64-bit number, big-endian.
 */
const acknowledgementBytes = 8;

export function encodeAcknowledgement(totalBytes: number): Uint8Array {
  const bytes = new Uint8Array(acknowledgementBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(totalBytes));
  return bytes;
}

/** Reads acknowledgements from a stream's chunks, wherever these are cut. */
export class AcknowledgementReader {
  readonly #partial = new Uint8Array(acknowledgementBytes);
  #filled = 0;

  /** The last complete one so far; undefined when `chunk` completes none. */
  push(chunk: Uint8Array | Uint8ArrayList): number | undefined {
    let latest: number | undefined;
    for (const byte of chunk.subarray()) {
      this.#partial[this.#filled++] = byte;
      if (this.#filled < acknowledgementBytes) continue;
      this.#filled = 0;
      latest = Number(new DataView(this.#partial.buffer).getBigUint64(0));
    }
    return latest;
  }
}
