import type { Stream } from '@libp2p/interface';
import type { Uint8ArrayList } from 'uint8arraylist';

/**
 * Writes to a libp2p stream and honours its back-pressure: after a `write` that filled it, `writable` is false until
 * `onWritable` is called, and what is written before that only piles up inside libp2p.
 */
export class StreamSink {
  readonly #stream: Stream;
  readonly #onWritable: () => void;
  #full = false;

  constructor(stream: Stream, onWritable: () => void) {
    this.#stream = stream;
    this.#onWritable = onWritable;
    stream.addEventListener('drain', this.#onDrain);
  }

  get writable(): boolean {
    return !this.#full && this.#stream.writeStatus === 'writable';
  }

  /** False when the stream could not take it any more because it is closed. */
  write(bytes: Uint8Array | Uint8ArrayList): boolean {
    if (this.#stream.writeStatus !== 'writable') return false;
    try {
      this.#full = !this.#stream.send(bytes);
      return true;
    } catch {
      // The connection broke under the write; libp2p has closed the stream and tells its listeners.
      return false;
    }
  }

  /** Ends the stream once everything written is on its way. */
  async close(signal: AbortSignal): Promise<void> {
    await this.#stream.close({ signal });
  }

  /**
   * libp2p sends what it had buffered in a microtask after `drain`, and may be full again after it, with another `drain` to
   * come. So look only behind that.
   */
  readonly #onDrain = (): void => {
    queueMicrotask(() => {
      if (!this.#full || this.#stream.writableNeedsDrain) return;
      this.#full = false;
      this.#onWritable();
    });
  };
}
