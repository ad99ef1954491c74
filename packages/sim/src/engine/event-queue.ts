/** Children of one heap node: four of them share a cache line of times, which measures faster than two. */
const arity = 4;
const capacityInitial = 1024;

/**
 * Priority queue in (time, order of insertion): events of the same instant leave in the order in which they came, which a
 * deterministic run depends on. A 4-ary heap whose times and sequence numbers lie in typed arrays, so that sifting touches no
 * objects.
 */
export class EventQueue<T> {
  private times: Float64Array = new Float64Array(capacityInitial);
  private sequences: Float64Array = new Float64Array(capacityInitial);
  private readonly events: T[] = [];
  private inserted = 0;

  get size(): number {
    return this.events.length;
  }

  /** Time of the first event; Infinity when empty. */
  get nextTime(): number {
    return this.events.length === 0 ? Number.POSITIVE_INFINITY : (this.times[0] as number);
  }

  push(time: number, event: T): void {
    const last = this.events.length;
    if (last === this.times.length) this.grow();
    const sequence = this.inserted++;
    this.events.push(event);
    this.siftUp(last, time, sequence, event);
  }

  /** Takes the first event out; undefined when empty. */
  pop(): T | undefined {
    const { events } = this;
    if (events.length === 0) return undefined;
    const first = events[0] as T;
    const last = events.length - 1;
    const moved = events.pop() as T;
    if (last > 0) this.siftDown(last, this.times[last] as number, this.sequences[last] as number, moved);
    return first;
  }

  private siftUp(from: number, time: number, sequence: number, event: T): void {
    const { times, sequences, events } = this;
    let hole = from;
    while (hole > 0) {
      const parent = (hole - 1) >> 2;
      // A later insertion never passes an earlier one of the same time.
      if ((times[parent] as number) <= time) break;
      times[hole] = times[parent] as number;
      sequences[hole] = sequences[parent] as number;
      events[hole] = events[parent] as T;
      hole = parent;
    }
    times[hole] = time;
    sequences[hole] = sequence;
    events[hole] = event;
  }

  private siftDown(size: number, time: number, sequence: number, event: T): void {
    const { times, sequences, events } = this;
    let hole = 0;
    for (let first = 1; first < size; first = arity * hole + 1) {
      const child = this.earliestChild(first, size);
      const childTime = times[child] as number;
      if (time < childTime || (time === childTime && sequence < (sequences[child] as number))) break;
      times[hole] = childTime;
      sequences[hole] = sequences[child] as number;
      events[hole] = events[child] as T;
      hole = child;
    }
    times[hole] = time;
    sequences[hole] = sequence;
    events[hole] = event;
  }

  private earliestChild(first: number, size: number): number {
    const { times, sequences } = this;
    const end = Math.min(first + arity, size);
    let best = first;
    let bestTime = times[first] as number;
    for (let child = first + 1; child < end; child++) {
      const time = times[child] as number;
      if (time > bestTime || (time === bestTime && (sequences[child] as number) > (sequences[best] as number))) continue;
      best = child;
      bestTime = time;
    }
    return best;
  }

  private grow(): void {
    const times = new Float64Array(this.times.length * 2);
    const sequences = new Float64Array(this.sequences.length * 2);
    times.set(this.times);
    sequences.set(this.sequences);
    this.times = times;
    this.sequences = sequences;
  }
}
