/** Gains of RFC 6298 for the mean and the deviation. */
const meanGain = 1 / 8;
const deviationGain = 1 / 4;

/** Smoothed time from a question to its answer, and how much it varies, both in milliseconds (Jacobson 1988, RFC 6298). */
export class RoundTrip {
  private mean: number | undefined;
  private deviation = 0;

  add(ms: number): void {
    if (this.mean === undefined) {
      this.mean = ms;
      this.deviation = ms / 2;
      return;
    }
    this.deviation += deviationGain * (Math.abs(ms - this.mean) - this.deviation);
    this.mean += meanGain * (ms - this.mean);
  }

  /** What is hardly ever exceeded: mean + 4 · deviation. Undefined before the first measurement. */
  get late(): number | undefined {
    return this.mean === undefined ? undefined : this.mean + 4 * this.deviation;
  }
}
