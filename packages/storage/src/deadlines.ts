import { assert } from '@dht/overlay';

/** One timer that has been set. Only `Deadlines` changes it. */
export interface Deadline<T> {
  readonly atMs: number;
  readonly timer: T;
  /** Position in the heap, −1 once fired or cancelled. */
  index: number;
  /** Breaks ties, so that equal times fire in the order in which they were set. */
  readonly order: number;
}

/** A binary heap of timers, earliest first, from which one can be taken back. */
export class Deadlines<T> {
  private readonly heap: Deadline<T>[] = [];
  private orders = 0;

  get size(): number {
    return this.heap.length;
  }

  set(atMs: number, timer: T): Deadline<T> {
    assert(Number.isFinite(atMs), 'a deadline is finite');
    const deadline = { atMs, timer, index: this.heap.length, order: this.orders++ };
    this.heap.push(deadline);
    this.rise(deadline);
    return deadline;
  }

  /** Nothing happens when it has fired or was cancelled before. */
  cancel(deadline: Deadline<T> | undefined): void {
    if (deadline === undefined || deadline.index < 0) return;
    const { index } = deadline;
    deadline.index = -1;
    const last = this.heap.pop();
    if (last === undefined || last === deadline) return;
    this.place(last, index);
    this.rise(last);
    this.sink(last);
  }

  /** Infinity when none is set. */
  next(): number {
    return this.heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** The earliest timer that is due at `nowMs`; it is then no longer set. */
  popDue(nowMs: number): T | undefined {
    const first = this.heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    this.cancel(first);
    return first.timer;
  }

  private rise(deadline: Deadline<T>): void {
    while (deadline.index > 0) {
      const parent = this.heap[(deadline.index - 1) >> 1];
      if (parent === undefined || !isEarlier(deadline, parent)) return;
      this.swap(deadline, parent);
    }
  }

  private sink(deadline: Deadline<T>): void {
    for (;;) {
      const left = this.heap[2 * deadline.index + 1];
      const right = this.heap[2 * deadline.index + 2];
      if (left === undefined) return;
      const child = right !== undefined && isEarlier(right, left) ? right : left;
      if (!isEarlier(child, deadline)) return;
      this.swap(child, deadline);
    }
  }

  private swap(a: Deadline<T>, b: Deadline<T>): void {
    const { index } = a;
    this.place(a, b.index);
    this.place(b, index);
  }

  private place(deadline: Deadline<T>, index: number): void {
    this.heap[index] = deadline;
    deadline.index = index;
  }
}

function isEarlier<T>(a: Deadline<T>, b: Deadline<T>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
