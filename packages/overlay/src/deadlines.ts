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
  atMs: number;
  /** Breaks ties, so that a run is the same whenever it is replayed. */
  order: number;
  /** Place in the heap; −1 when not set. */
  place = -1;

  constructor(timer: T, atMs: number, order: number) {
    this.timer = timer;
    this.atMs = atMs;
    this.order = order;
  }
}

/** A timer that is set, and its time in monotone milliseconds. */
export interface PendingTimer<T = Timer> {
  readonly timer: T;
  readonly atMs: number;
}

/** All deadlines of a part of a node in one binary heap, the earliest first. */
export class Deadlines<T = Timer> {
  readonly #heap: Deadline<T>[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest deadline in monotone milliseconds, Infinity when there is none. */
  next(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** All that are set, the earliest first. */
  pending(): readonly PendingTimer<T>[] {
    return this.#heap.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order);
  }

  set(timer: T, atMs: number): Deadline<T> {
    const deadline = this.prepare(timer);
    this.move(deadline, atMs);
    return deadline;
  }

  /** A deadline that is not set yet: `move` sets it. */
  prepare(timer: T): Deadline<T> {
    return new Deadline(timer, Number.POSITIVE_INFINITY, 0);
  }

  /** Moves a deadline, set or not, to another time. */
  move(deadline: Deadline<T>, atMs: number): void {
    deadline.atMs = atMs;
    deadline.order = this.#order++;
    if (deadline.place < 0) this.#put(deadline, this.#heap.length);
    this.#up(deadline.place);
    this.#down(deadline.place);
  }

  cancel(deadline: Deadline<T>): void {
    const place = deadline.place;
    if (place < 0) return;
    deadline.place = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === deadline) return;
    this.#put(last, place);
    this.#up(place);
    this.#down(last.place);
  }

  /** Takes the earliest deadline out of the heap when its time has come. */
  popDue(nowMs: number): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    this.cancel(first);
    return first.timer;
  }

  /** Puts off every deadline that `affected` names: the time during which this process was stopped does not count. */
  shift(byMs: number, affected: (timer: T) => boolean): void {
    const moved = this.#heap.filter((deadline) => affected(deadline.timer));
    for (const deadline of moved) this.move(deadline, deadline.atMs + byMs);
  }

  #put(deadline: Deadline<T>, place: number): void {
    this.#heap[place] = deadline;
    deadline.place = place;
  }

  #up(start: number): void {
    const deadline = this.#heap[start];
    if (deadline === undefined) return;
    let place = start;
    while (place > 0) {
      const parentPlace = (place - 1) >> 1;
      const parent = this.#heap[parentPlace];
      if (parent === undefined || !isEarlier(deadline, parent)) break;
      this.#put(parent, place);
      place = parentPlace;
    }
    this.#put(deadline, place);
  }

  #down(start: number): void {
    const deadline = this.#heap[start];
    if (deadline === undefined) return;
    let place = start;
    for (;;) {
      const child = this.#earlierChild(place);
      if (child === undefined || !isEarlier(child, deadline)) break;
      const childPlace = child.place;
      this.#put(child, place);
      place = childPlace;
    }
    this.#put(deadline, place);
  }

  #earlierChild(place: number): Deadline<T> | undefined {
    const left = this.#heap[2 * place + 1];
    const right = this.#heap[2 * place + 2];
    if (left === undefined || right === undefined) return left;
    return isEarlier(right, left) ? right : left;
  }
}

function isEarlier<T>(a: Deadline<T>, b: Deadline<T>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
