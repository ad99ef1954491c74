import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface';
import type { Uint8ArrayList } from 'uint8arraylist';
import { TransportError } from './transport.ts';

/** A piece of a stream: one piece of memory or several. */
export type Chunk = Uint8Array | Uint8ArrayList;

/** The pieces of memory that a chunk consists of. */
export function parts(chunk: Chunk): Iterable<Uint8Array> {
  return chunk instanceof Uint8Array ? [chunk] : chunk;
}

/**
 * The bytes of a libp2p stream as they come, for `it-pipe`, with back-pressure: when `readAheadBytes` lie unconsumed the
 * stream is paused, so the peer runs out of window and stops. (Iterating over the stream itself never pauses it and buffers
 * without bound.) Ends when the peer closes its side; throws a `TransportError` when the stream is reset. Leaving the loop early
 * aborts nothing.
 *
 * The listeners are there from the call on, not from the first pull, so that nothing is missed in between.
 */
export function streamSource(stream: Stream, readAheadBytes: number): AsyncIterable<Chunk> {
  const intake = new Intake(stream, readAheadBytes);
  return { [Symbol.asyncIterator]: () => intake.chunks() };
}

class Intake {
  readonly #stream: Stream;
  readonly #readAheadBytes: number;
  readonly #chunks: Chunk[] = [];
  #bytes = 0;
  #hasEnded = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(stream: Stream, readAheadBytes: number) {
    this.#stream = stream;
    this.#readAheadBytes = readAheadBytes;
    stream.addEventListener('message', this.#onMessage);
    stream.addEventListener('remoteCloseWrite', this.#onEnd);
    stream.addEventListener('close', this.#onClose);
    if (stream.status !== 'open' || stream.remoteWriteStatus === 'closed') this.#onEnd();
  }

  async *chunks(): AsyncGenerator<Chunk> {
    try {
      while (true) {
        yield* this.#taken();
        if (this.#hasEnded) break;
        if (!this.#resume()) await this.#change();
      }
      yield* await this.#rest();
      if (this.#error !== undefined) throw new TransportError('aborted', 'the peer broke off', { cause: this.#error });
    } finally {
      this.#detach();
    }
  }

  *#taken(): Generator<Chunk> {
    for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) {
      this.#bytes -= chunk.byteLength;
      yield chunk;
    }
  }

  /** What libp2p still holds of a stream that has ended: it hands that over within a turn. */
  async #rest(): Promise<Iterable<Chunk>> {
    if (this.#stream.readBufferLength > 0 && !this.#resume()) await new Promise((resolve) => setImmediate(resolve));
    return this.#taken();
  }

  /** Lets a paused stream go on. True when that brought something at once. */
  #resume(): boolean {
    if (this.#stream.readStatus !== 'paused') return false;
    try {
      this.#stream.resume();
    } catch {
      // The connection is gone, so the peer cannot be told; what had arrived is handed over all the same.
    }
    return this.#chunks.length > 0;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  readonly #onMessage = (event: StreamMessageEvent): void => {
    this.#chunks.push(event.data);
    this.#bytes += event.data.byteLength;
    if (this.#bytes > this.#readAheadBytes && this.#stream.readStatus === 'readable') this.#stream.pause();
    this.#notify();
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    this.#notify();
  };

  readonly #onClose = (event: StreamCloseEvent): void => {
    this.#error ??= event.error;
    this.#onEnd();
  };

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  #detach(): void {
    this.#stream.removeEventListener('message', this.#onMessage);
    this.#stream.removeEventListener('remoteCloseWrite', this.#onEnd);
    this.#stream.removeEventListener('close', this.#onClose);
  }
}
