import type { Id } from './id.ts';

/** Everything the overlay can wait for: a closed union, so that each expiry is handled in one visible place. */
export type Timer =
  /** When to tell the counter-clockwise neighbour that this node lives. */
  | { readonly kind: 'heartbeat' }
  /** When to look whether the clockwise neighbour has fallen silent. */
  | { readonly kind: 'watch' }
  /** When to probe the near neighbours from which no other traffic came, and the far member that was silent longest. */
  | { readonly kind: 'slowProbe' }
  /** When to count the try of a verification as unanswered, or to begin it after its jitter. */
  | { readonly kind: 'verification'; readonly id: Id }
  /** When to tell the asker that its indirect probe stayed unanswered. */
  | { readonly kind: 'errand'; readonly nonce: number }
  /** When to reroute a request whose hop did not acknowledge it, to try it anew, or to forget it. */
  | { readonly kind: 'passage'; readonly key: string }
  /** When to forget the oldest replies that a root remembers. */
  | { readonly kind: 'replies' }
  /** When to push what changed in the leaf set to the near neighbours. */
  | { readonly kind: 'leafSetPush' }
  /** When to compare the whole leaf set with that of a random member. */
  | { readonly kind: 'leafSetExchange' }
  /** When to ask the ends of a half that lost members for the nodes beyond them. */
  | { readonly kind: 'leafSetRepair' }
  /** When to give up the step of the join that is under way, or to begin the next attempt. */
  | { readonly kind: 'joinStep' }
  /** When to seed the ring of a network that was restarted as a whole. */
  | { readonly kind: 'coldStart' }
  /** When to look for previously active nodes again while nobody active is found. */
  | { readonly kind: 'coldProbe' }
  /** When the grant of the gap behind this node runs out. */
  | { readonly kind: 'grant' }
  /** When a joiner that this node let in as its predecessor must have become active. */
  | { readonly kind: 'admitted'; readonly id: Id }
  /** When a user's lookup has taken too long. */
  | { readonly kind: 'lookup'; readonly ref: number }
  /** When a step of an iterative lookup stays unanswered for too long. */
  | { readonly kind: 'findNext'; readonly counter: number }
  /** When to look up this node's own id through a remembered contact, in case another ring of the network exists. */
  | { readonly kind: 'merge' }
  /** When to learn contacts for the routing table, or to see which of them still live. */
  | { readonly kind: 'tableUpkeep' }
  /** When to open the next of the connections that lookups are to find open. */
  | { readonly kind: 'connections' }
  /** When to tell the driver that the contacts worth remembering changed. */
  | { readonly kind: 'remembered' };

/** One timer that is set. Kept by whoever set it, to cancel or to move it. */
export class Deadline<T = Timer> {
  readonly timer: T;
  /** Breaks ties, so that a run is the same whenever it is replayed. */
  order = 0;
  /** Place in the heap; −1 when not set. */
  place = -1;

  constructor(timer: T) {
    this.timer = timer;
  }
}

/** A timer that is set, and its time in monotone milliseconds. */
export interface PendingTimer<T = Timer> {
  readonly timer: T;
  readonly atMs: number;
}

/** Room is made for so many at once: a list that is pushed to has room for 17 from the first one on, and a part of a node may have one. */
const roomTimes: readonly number[] = Array.from({ length: 4 }, () => Number.POSITIVE_INFINITY);
const room: readonly undefined[] = roomTimes.map(() => undefined);

/** All deadlines of a part of a node in one binary heap, the earliest first. Their times lie side by side, where sifting finds them. */
export class Deadlines<T = Timer> {
  /** Beyond the size there is room, and all times there are Infinity. */
  #heap: (Deadline<T> | undefined)[] = [];
  #times: number[] = [];
  #size = 0;
  #order = 0;

  get size(): number {
    return this.#size;
  }

  /** The earliest deadline in monotone milliseconds, Infinity when there is none. */
  next(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY;
  }

  /** When the deadline comes, Infinity when it is not set. */
  timeOf({ place }: Deadline<T>): number {
    return place < 0 ? Number.POSITIVE_INFINITY : (this.#times[place] as number);
  }

  /** All that are set, the earliest first. */
  pending(): readonly PendingTimer<T>[] {
    const inOrder = this.#all().sort((a, b) => this.timeOf(a) - this.timeOf(b) || a.order - b.order);
    return inOrder.map((deadline) => ({ timer: deadline.timer, atMs: this.timeOf(deadline) }));
  }

  set(timer: T, atMs: number): Deadline<T> {
    const deadline = this.prepare(timer);
    this.move(deadline, atMs);
    return deadline;
  }

  /** A deadline that is not set yet: `move` sets it. */
  prepare(timer: T): Deadline<T> {
    return new Deadline(timer);
  }

  /** Moves a deadline, set or not, to another time. */
  move(deadline: Deadline<T>, atMs: number): void {
    const place = deadline.place < 0 ? this.#addPlace() : deadline.place;
    deadline.order = this.#order++;
    this.#put(deadline, atMs, place);
    this.#up(place);
    this.#down(deadline.place);
  }

  cancel(deadline: Deadline<T>): void {
    const { place } = deadline;
    if (place < 0) return;
    deadline.place = -1;
    this.#size--;
    const last = this.#heap[this.#size];
    const lastMs = this.#times[this.#size] as number;
    this.#heap[this.#size] = undefined;
    this.#times[this.#size] = Number.POSITIVE_INFINITY;
    if (last === undefined || last === deadline) return;
    this.#put(last, lastMs, place);
    this.#up(place);
    this.#down(last.place);
  }

  /** Takes the earliest deadline out of the heap when its time has come. */
  popDue(nowMs: number): T | undefined {
    if (this.next() > nowMs) return undefined;
    const first = this.#heap[0];
    if (first === undefined) return undefined;
    this.cancel(first);
    return first.timer;
  }

  /** Puts off every deadline that `affected` names: the time during which this process was stopped does not count. */
  shift(byMs: number, affected: (timer: T) => boolean): void {
    const moved = this.#all().filter((deadline) => affected(deadline.timer));
    for (const deadline of moved) this.move(deadline, this.timeOf(deadline) + byMs);
  }

  /** In the order of the heap. */
  #all(): Deadline<T>[] {
    return this.#heap.slice(0, this.#size) as Deadline<T>[];
  }

  #addPlace(): number {
    if (this.#size === this.#heap.length) {
      this.#heap = this.#heap.concat(room);
      this.#times = this.#times.concat(roomTimes);
    }
    return this.#size++;
  }

  #put(deadline: Deadline<T>, atMs: number, place: number): void {
    this.#heap[place] = deadline;
    this.#times[place] = atMs;
    deadline.place = place;
  }

  #up(start: number): void {
    const deadline = this.#heap[start];
    if (deadline === undefined) return;
    const atMs = this.#times[start] as number;
    let place = start;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isEarlier(atMs, deadline, parent)) break;
      this.#put(this.#heap[parent] as Deadline<T>, this.#times[parent] as number, place);
      place = parent;
    }
    if (place !== start) this.#put(deadline, atMs, place);
  }

  #down(start: number): void {
    const deadline = this.#heap[start];
    if (deadline === undefined) return;
    const atMs = this.#times[start] as number;
    let place = start;
    for (;;) {
      const child = this.#earlierChild(place);
      if (child < 0 || this.#isEarlier(atMs, deadline, child)) break;
      this.#put(this.#heap[child] as Deadline<T>, this.#times[child] as number, place);
      place = child;
    }
    if (place !== start) this.#put(deadline, atMs, place);
  }

  /** Its place; −1 when there is none. */
  #earlierChild(place: number): number {
    const left = 2 * place + 1;
    const right = left + 1;
    if (right >= this.#size) return left < this.#size ? left : -1;
    return this.#isEarlier(this.#times[right] as number, this.#heap[right] as Deadline<T>, left) ? right : left;
  }

  /** Whether the deadline with that time comes before the one at the place. */
  #isEarlier(atMs: number, deadline: Deadline<T>, place: number): boolean {
    const otherMs = this.#times[place] as number;
    return atMs < otherMs || (atMs === otherMs && deadline.order < (this.#heap[place] as Deadline<T>).order);
  }
}
