/**
 * One timer for the core's next deadline. When it goes off, what has arrived on sockets is read first: a process that was
 * stopped would otherwise take its neighbours for dead before it has read their messages.
 */
export class DeadlineTimer {
  private readonly onDue: () => void;
  private timer: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;
  private dueMs = Number.POSITIVE_INFINITY;

  constructor(onDue: () => void) {
    this.onDue = onDue;
  }

  /** Goes off at `deadlineMs` on the clock of `nowMs`, or earlier when it was set to an earlier time before. */
  set(deadlineMs: number, nowMs: number): void {
    if (deadlineMs >= this.dueMs) return;
    clearTimeout(this.timer);
    this.dueMs = deadlineMs;
    // Longer delays overflow Node's timers and go off at once.
    const delayMs = Math.min(Math.max(0, Math.ceil(deadlineMs - nowMs)), 2 ** 31 - 1);
    this.timer = setTimeout(() => this.afterReading(), delayMs);
  }

  stop(): void {
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
  }

  /** In Node's event loop timers come before sockets and immediates come behind them. */
  private afterReading(): void {
    this.immediate = setImmediate(() => {
      this.dueMs = Number.POSITIVE_INFINITY;
      this.onDue();
    });
  }
}
