import { performance } from 'node:perf_hooks';

/** How late this process's timers are is seen from so many of them, one after the other. */
const samples = 10;
const sampleMs = 1000;
/** On average, when there is time for what can wait. Of fifty daemons that keep two cores busy a tenth of the timers are 70 to 200 ms late. */
const lateMsMax = 20;
/** So often it is put off at most: what is busy for longer is busy for good. */
const postponementsMax = 10;

/**
 * Starts what can wait, about `delayMs` after it was asked for, and later as long as the machine is busy: where there is more to do than
 * can be done, everything that need not be would take the time from what must.
 */
export class DeferredStart {
  private readonly start: () => void;
  private readonly delayMs: number;
  private readonly nowMs: () => number;
  private timer: NodeJS.Timeout | undefined;
  private postponements = 0;

  constructor(start: () => void, delayMs: number, nowMs: () => number = () => performance.now()) {
    this.start = start;
    this.delayMs = delayMs;
    this.nowMs = nowMs;
  }

  /** Only the first time counts. */
  begin(): void {
    if (this.timer === undefined) this.wait();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private wait(): void {
    // Nodes that were started together need not do it together.
    const delayMs = this.delayMs * (0.75 + Math.random() / 2);
    this.after(delayMs - samples * sampleMs, () => this.sample(samples, 0));
  }

  private sample(left: number, lateMs: number): void {
    if (left > 0) {
      const dueMs = this.nowMs() + sampleMs;
      this.after(sampleMs, () => this.sample(left - 1, lateMs + this.nowMs() - dueMs));
    } else if (lateMs > samples * lateMsMax && this.postponements++ < postponementsMax) this.wait();
    else this.start();
  }

  private after(ms: number, then: () => void): void {
    this.timer = setTimeout(then, ms).unref();
  }
}
