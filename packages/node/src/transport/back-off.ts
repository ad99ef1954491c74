import type { UnreachableReason } from './dial-error.ts';

/** Leaves a peer alone after a dial that failed, twice as long after each further one. */
export class BackOff {
  readonly #msMin: number;
  readonly #msMax: number;
  #delayMs = 0;
  #untilMs = Number.NEGATIVE_INFINITY;
  #reason: UnreachableReason | undefined;

  constructor(msMin: number, msMax: number) {
    this.#msMin = msMin;
    this.#msMax = msMax;
  }

  /** Why the peer is left alone now; undefined when it may be dialled. */
  reason(nowMs: number): UnreachableReason | undefined {
    return nowMs < this.#untilMs ? this.#reason : undefined;
  }

  onFailure(reason: UnreachableReason, nowMs: number): void {
    this.#reason = reason;
    this.#delayMs = Math.min(this.#msMax, Math.max(this.#msMin, 2 * this.#delayMs));
    this.#untilMs = nowMs + this.#delayMs;
  }

  /** It is there, or it has a new address. */
  reset(): void {
    this.#delayMs = 0;
    this.#untilMs = Number.NEGATIVE_INFINITY;
    this.#reason = undefined;
  }
}
