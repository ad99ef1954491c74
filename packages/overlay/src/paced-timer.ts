import type { Context } from './context.ts';
import type { Deadline, Timer } from './deadlines.ts';

/**
 * The timer of an upkeep that is worth much after a change and little in quiet times: its period doubles with every round in
 * which nothing happened, up to a limit, and begins anew with the shortest when something did.
 */
export class PacedTimer {
  readonly #context: Context;
  readonly #deadline: Deadline;
  readonly #msMin: number;
  readonly #msMax: number;
  #ms: number;

  constructor(context: Context, timer: Timer, msMin: number, msMax: number) {
    this.#context = context;
    this.#deadline = context.deadlines.prepare(timer);
    this.#msMin = msMin;
    this.#msMax = msMax;
    this.#ms = msMin;
  }

  begin(): void {
    this.#ms = this.#msMin;
    this.#context.deadlines.move(this.#deadline, this.#atMs());
  }

  /** A round is due: sets the next one, and says after how many milliseconds this one came. */
  next(): number {
    const passedMs = this.#ms;
    this.#ms = Math.min(this.#msMax, 2 * passedMs);
    this.#context.deadlines.move(this.#deadline, this.#atMs());
    return passedMs;
  }

  /** Something happened. A round that was far off comes sooner; one that was near stays where it is. */
  quicken(): void {
    if (this.#ms === this.#msMin) return;
    this.#ms = this.#msMin;
    const atMs = this.#atMs();
    if (atMs < this.#context.deadlines.timeOf(this.#deadline)) this.#context.deadlines.move(this.#deadline, atMs);
  }

  #atMs(): number {
    return this.#context.now.monoMs + this.#context.jittered(this.#ms);
  }
}
