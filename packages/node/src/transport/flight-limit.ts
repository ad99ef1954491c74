import { inFlightBytesMax, inFlightBytesMin, inFlightMs } from './limits.ts';

/** A rate is taken over at least so long, since acknowledgements come in bursts. */
const sampleMs = 50;
/** Weight of the newest sample. */
const gain = 0.5;

/**
 * How much may be in flight on a block stream: min(2 MiB, 250 ms × rate), because blocks share a TCP connection with heartbeats
 * and whatever is in its buffers goes before them (DESIGN §6). The rate is what the receiver acknowledges while it is kept busy;
 * with a round trip below 250 ms a limit that is too low raises itself.
 */
export class FlightLimit {
  #limitBytes = inFlightBytesMin;
  #bytesPerMs = 0;
  #sampleBytes = 0;
  #sampleStartMs: number | undefined;

  get bytes(): number {
    return this.#limitBytes;
  }

  /** The stream was idle and sends again. */
  onBusy(nowMs: number): void {
    this.#sampleStartMs = nowMs;
    this.#sampleBytes = 0;
  }

  onAcknowledged(bytes: number, nowMs: number): void {
    this.#sampleStartMs ??= nowMs;
    this.#sampleBytes += bytes;
    const elapsedMs = nowMs - this.#sampleStartMs;
    if (elapsedMs < sampleMs) return;
    const sample = this.#sampleBytes / elapsedMs;
    this.#bytesPerMs = this.#bytesPerMs === 0 ? sample : this.#bytesPerMs + gain * (sample - this.#bytesPerMs);
    this.#limitBytes = Math.min(inFlightBytesMax, Math.max(inFlightBytesMin, this.#bytesPerMs * inFlightMs));
    this.onBusy(nowMs);
  }
}
