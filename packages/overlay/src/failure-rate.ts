/** Failures remembered: K of MSPastry. More make a steadier estimate that follows changes later. */
const rememberedMax = 16;

/**
 * Estimates how often a node fails, from the failures that this node has seen among those it watches (Castro, Costa and Rowstron
 * 2004, section 4.1: μ = K / (M · T), with T the time in which the last K of M watched nodes failed).
 */
export class FailureRate {
  /** When the last failures were, oldest first; before there are enough of them the first is when watching began. */
  #atMs: readonly number[] = [];

  begin(nowMs: number): void {
    this.#atMs = [nowMs];
  }

  note(nowMs: number): void {
    this.#atMs = this.#atMs.concat(nowMs).slice(-rememberedMax);
  }

  /** Failures since then, of those remembered. */
  countSince(ms: number): number {
    return this.#atMs.filter((atMs) => atMs >= ms).length;
  }

  /**
   * Failures per node and millisecond, when `watched` nodes are watched. It counts as if one more had failed just now, so that the
   * estimate begins high and falls as long as nothing happens; Infinity before any time has passed.
   */
  perMs(nowMs: number, watched: number): number {
    const [sinceMs = nowMs] = this.#atMs;
    return this.#atMs.length / (Math.max(1, watched) * (nowMs - sinceMs));
  }
}
