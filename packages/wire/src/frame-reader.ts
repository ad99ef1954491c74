import { assert } from '@dht/overlay';
import { ByteInput } from './byte-input.ts';
import { limits } from './limits.ts';

/**
 * Cuts a stream into frames, each behind its length as an unsigned varint, whatever the chunks it comes in:
 *
 *     reader.push(chunk);
 *     for (let frame = reader.next(); frame !== undefined; frame = reader.next()) handle(frame);
 *
 * A frame that announces more than the limit is refused before any of it is kept. After a `WireError` the reader is of no more use.
 */
export class FrameReader {
  readonly #input = new ByteInput();
  readonly #frameBytesMax: number;
  #length: number | undefined;
  #drained = true;

  constructor(frameBytesMax: number = limits.frameBytesMax) {
    this.#frameBytesMax = frameBytesMax;
  }

  /** Whether the stream may end here: not within a frame. */
  get isBetweenFrames(): boolean {
    return this.#length === undefined && this.#input.available === 0;
  }

  /** Call `next` until it returns nothing before the next chunk: so no more than one frame and one chunk are ever kept. */
  push(chunk: Uint8Array): void {
    assert(this.#drained, 'all frames are taken before the next chunk is pushed');
    this.#drained = false;
    this.#input.push(chunk);
  }

  /** The next whole frame without its length, mostly a view on the chunk; nothing when more input is needed. Throws a `WireError`. */
  next(): Uint8Array | undefined {
    this.#length ??= this.#input.takeLength(this.#frameBytesMax);
    const frame = this.#length === undefined ? undefined : this.#input.take(this.#length);
    if (frame === undefined) this.#drained = true;
    else this.#length = undefined;
    return frame;
  }
}
