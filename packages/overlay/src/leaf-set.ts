import type { Contact } from './contact.ts';
import { expm1, ln } from './exact-math.ts';
import type { Id } from './id.ts';
import type { Peer } from './peers.ts';
import { type Arc, arcBoundary, clockwiseTop, compareClockwise, compareCloseness, inArc, ringTop, ringTops, topsAhead } from './ring.ts';
import { SparseMap } from './sparse-map.ts';

/** A gap so wide that ids drawn at random leave one by chance in a millionth of all rings means: there are nodes in it. */
const chanceOfGap = 1e-6;
/** Distances of upper bits are exact to one unit, the sum of two to two. */
const topSlack = 2;
/** While members are missing, a node is taken that is at most this many times farther away than the last one should be. */
const reachSlack = 2;
/** A joining node takes any of the so many nearest on each side, and every node all until it has as many: the spacing of a handful says nothing yet. */
const alwaysNearJoining = 4;
/** Whoever is nearest of all on its side is a neighbour however far away: without it the ring would not close. */
const alwaysNear = 1;

/**
 * The l nodes around this one, half of them clockwise and half counter-clockwise (Rowstron and Druschel 2001).
 *
 * Kept as one list in clockwise order starting behind this node: the first half of it is the clockwise half, the last half
 * read backwards is the counter-clockwise one. On a ring with fewer nodes the halves overlap, and each node is still in the
 * list once. What is asked often is computed once per change.
 */
export class LeafSet {
  readonly #self: Peer;
  readonly #half: number;
  #members: Peer[] = [];
  #derived: Derived | undefined;

  constructor(self: Peer, size: number) {
    this.#self = self;
    this.#half = size / 2;
  }

  /** Distinct members, clockwise from this node. */
  get members(): readonly Peer[] {
    return this.#members;
  }

  get size(): number {
    return this.#members.length;
  }

  /** Nearest first. */
  get clockwise(): readonly Peer[] {
    return this.#derive().clockwise;
  }

  /** Nearest first. */
  get counterClockwise(): readonly Peer[] {
    return this.#derive().counterClockwise;
  }

  get successor(): Peer | undefined {
    return this.#members[0];
  }

  get predecessor(): Peer | undefined {
    return this.#members[this.#members.length - 1];
  }

  /** Whether the halves meet on the far side: the leaf set then holds the whole ring. */
  get overlaps(): boolean {
    return this.#derive().overlaps;
  }

  get isFull(): boolean {
    return this.#members.length === 2 * this.#half;
  }

  /** Whether no member is missing: both halves are full, or they hold the whole ring. */
  get isComplete(): boolean {
    return this.isFull || this.overlaps;
  }

  has(id: Id): boolean {
    return this.get(id) !== undefined;
  }

  get(id: Id): Peer | undefined {
    const member = this.#members[this.#place(id)];
    return member?.id.equals(id) ? member : undefined;
  }

  /** The member whose id begins with the first 6 bytes of this one. */
  at(place: Id): Peer | undefined {
    const member = this.#members[this.#place(place)];
    return member?.id.top === place.top ? member : undefined;
  }

  /** Whether a node with this id would be, or already is, a member. */
  fits(id: Id): boolean {
    if (id.equals(this.#self.id)) return false;
    if (!this.isFull) return this.#isWithinReach(id);
    const place = this.#place(id);
    return place < this.#half || place > this.#half || this.has(id);
  }

  /** Whether a node at `top` certainly does not fit: said of nearly all that are no neighbours, at the cost of some subtractions. */
  isFarOff(top: number): boolean {
    if (!this.isFull) return false;
    const self = this.#self.id;
    const { clockwise, counterClockwise } = this.#derive();
    const ahead = clockwiseTop(self, (clockwise.at(-1) as Peer).id);
    const behind = clockwiseTop((counterClockwise.at(-1) as Peer).id, self);
    const distance = topsAhead(self.top, top);
    return distance > ahead + topSlack && ringTops - distance > behind + topSlack;
  }

  /** Takes the peer in. Returns the member that it pushes out, if any. The peer must fit. */
  insert(peer: Peer): Peer | undefined {
    const place = this.#place(peer.id);
    if (this.#members[place]?.id.equals(peer.id)) return undefined;
    this.#members.splice(place, 0, peer);
    peer.isLeaf = true;
    this.touch();
    if (this.#members.length <= 2 * this.#half) return undefined;
    const [pushedOut] = this.#members.splice(this.#half, 1);
    if (pushedOut !== undefined) {
      pushedOut.isLeaf = false;
      pushedOut.isAdmitted = false;
    }
    return pushedOut;
  }

  remove(id: Id): Peer | undefined {
    const place = this.#place(id);
    const member = this.#members[place];
    if (!member?.id.equals(id)) return undefined;
    this.#members.splice(place, 1);
    member.isLeaf = false;
    member.isAdmitted = false;
    this.touch();
    return member;
  }

  /** A member's status or contact changed. */
  touch(): void {
    this.#derived = undefined;
  }

  /** The members that have a place on the ring, clockwise from this node. */
  contacts(): Contact[] {
    return this.#members.filter((peer) => peer.isOnRing).map((peer) => peer.contact);
  }

  /** The nearest `count` members on each side, each once, nearest first. */
  near(count: number): readonly Peer[] {
    const { clockwise, counterClockwise, nearest } = this.#derive();
    const known = nearest.get(count);
    if (known !== undefined) return known;
    const near = alternating(clockwise, counterClockwise, count);
    nearest.set(count, near);
    return near;
  }

  /** The members next to `member`, up to `count` on each side of it, as far as this node knows. */
  beside(member: Peer, count: number): readonly Peer[] {
    const ring = [this.#self, ...this.#members];
    const place = ring.indexOf(member);
    if (place < 0) return [];
    const peers = new Set<Peer>();
    for (let step = 1; step <= count; step++) {
      for (const at of [place + step, place - step]) peers.add(ring[(at + ring.length * count) % ring.length] as Peer);
    }
    peers.delete(this.#self);
    peers.delete(member);
    return [...peers];
  }

  /** Whether two members are in each other's leaf sets, as far as this node knows; of others that cannot be told. */
  areNeighbours(a: Peer, b: Peer): boolean {
    const { clockwise, counterClockwise } = this.#derive();
    const apart = (half: readonly Peer[], other: readonly Peer[]): number => {
      const [inHalf, inOther] = [half.indexOf(a), other.indexOf(b)];
      return inHalf < 0 || inOther < 0 ? 0 : inHalf + inOther + 2;
    };
    if (this.overlaps) return true;
    return Math.max(apart(clockwise, counterClockwise), apart(counterClockwise, clockwise)) <= this.#half;
  }

  /** The nearest `count` active members on each side, each once, nearest first. */
  activeNeighbours(count: number): readonly Peer[] {
    const { clockwise, counterClockwise } = this.#derive();
    const after = clockwise.filter((peer) => peer.isCounted);
    const before = counterClockwise.filter((peer) => peer.isCounted);
    return alternating(after, before, count);
  }

  /** Whether `id` is or would be among the `count` nearest on either side. */
  isNear(id: Id, count: number): boolean {
    const place = this.#place(id);
    const member = this.#members[place]?.id.equals(id) === true;
    const behind = this.#members.length - place - (member ? 1 : 0);
    return place < count || behind < count;
  }

  /** Whether the member is the last of its half: the neighbours on its side have known it longer, for the others it is too far away. */
  isOutermost(peer: Peer): boolean {
    const { overlaps, clockwise, counterClockwise } = this.#derive();
    return !overlaps && (peer === clockwise.at(-1) || peer === counterClockwise.at(-1));
  }

  /** On which side of this node `id` lies, by the shorter way round. */
  isClockwise(id: Id): boolean {
    return clockwiseTop(this.#self.id, id) < ringTops / 2;
  }

  /** Whether `key` lies between the outermost members, so that its root is one of them or this node. */
  covers(key: Id): boolean {
    const { overlaps, first, last } = this.#derive();
    if (overlaps) return true;
    if (first === undefined || last === undefined) return false;
    return key.equals(first.id) || inArc(key, first.id, last.id);
  }

  /** The `rank` active nodes closest to `key`, this one included when active, closest first. */
  replicaSet(key: Id, rank: number): readonly Contact[] {
    const ring = this.#derive().active;
    const result: Contact[] = [];
    const wanted = Math.min(rank, ring.length);
    let after = placeBehind(ring, this.#self.id, key);
    let before = after - 1;
    while (result.length < wanted) {
      const clockwise = ring[after % ring.length];
      const counterClockwise = ring[(before + ring.length) % ring.length];
      if (clockwise === undefined || counterClockwise === undefined) break;
      if (compareCloseness(key, clockwise.id, counterClockwise.id) <= 0) {
        result.push(clockwise.contact);
        after++;
      } else {
        result.push(counterClockwise.contact);
        before--;
      }
    }
    return result;
  }

  /** Whether no node outside the leaf set can belong to `replicaSet(key, rank)`. */
  coversReplicaSet(key: Id, rank: number): boolean {
    if (this.overlaps) return true;
    if (!this.covers(key)) return false;
    const { first, last } = this.#derive();
    const farthest = this.replicaSet(key, rank)[rank - 1];
    if (first === undefined || last === undefined || farthest === undefined) return false;
    return compareCloseness(key, farthest.id, first.id) <= 0 && compareCloseness(key, farthest.id, last.id) <= 0;
  }

  /** The keys among whose `rank` closest active nodes this one is; absent when this node is not active. */
  range(rank: number): Arc | undefined {
    const { ranges } = this.#derive();
    if (!ranges.has(rank)) ranges.set(rank, this.#rangeOf(rank));
    return ranges.get(rank);
  }

  #rangeOf(rank: number): Arc | undefined {
    const ring = this.#derive().active;
    const own = ring.indexOf(this.#self);
    if (own < 0) return undefined;
    const after = ring[(own + rank) % ring.length];
    const before = ring[(own - rank + ring.length * rank) % ring.length];
    if (ring.length <= rank || after === undefined || before === undefined) return { from: this.#self.id, to: this.#self.id };
    return { from: arcBoundary(before.id, this.#self.id), to: arcBoundary(this.#self.id, after.id) };
  }

  /** Number of nodes on the ring: exact when the leaf set holds all of it, else from the density of its members. */
  estimatedSize(): number {
    if (this.overlaps) return this.#members.length + 1;
    return Math.round((this.#members.length * ringTops) / Math.max(1, this.#spanned()));
  }

  /** How far the leaf set of any node reaches on either side, by estimate, in the unit of `clockwiseTop`. */
  get reach(): number {
    return (this.#half * ringTops) / this.estimatedSize();
  }

  /** The stretch from the outermost counter-clockwise member to the outermost clockwise one, in units of 2²⁰⁸. */
  #spanned(): number {
    const { first, last } = this.#derive();
    return (last ? clockwiseTop(this.#self.id, last.id) : 0) + (first ? clockwiseTop(first.id, this.#self.id) : 0);
  }

  /** Index of the member with this id, or where it would be. */
  #place(id: Id): number {
    let low = 0;
    let high = this.#members.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const member = this.#members[middle];
      if (member !== undefined && compareClockwise(this.#self.id, member.id, id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** With members missing on a large ring, a node from its far side must not pass for a neighbour. */
  #isWithinReach(id: Id): boolean {
    if (this.overlaps || this.has(id)) return true;
    if (this.#members.length < 2 * alwaysNearJoining) return true;
    if (this.isNear(id, this.#self.status === 'joining' ? alwaysNearJoining : alwaysNear)) return true;
    const reach = (reachSlack * this.#spanned() * this.#half) / Math.max(1, this.#members.length);
    return ringTop(this.#self.id, id) <= reach;
  }

  #derive(): Derived {
    this.#derived ??= this.#compute();
    return this.#derived;
  }

  #compute(): Derived {
    const members = this.#members;
    const gap = widestGap(this.#self, members);
    const overlaps = members.length < 2 * this.#half && gap.width <= widestPlausibleGap(members.length + 1);
    // Of a large ring with members missing, the widest gap is the unknown part and parts the halves. Next to this node it may be none:
    // a ring that grows from one place, as after a cold start, has nobody yet on most of it, and still its ends are neighbours.
    const split = !overlaps && members.length < 2 * this.#half;
    const place = Math.max(1, Math.min(members.length - 1, gap.place));
    const clockwise = members.slice(0, Math.min(this.#half, split ? place : members.length));
    const counterClockwise = members.slice(-Math.min(this.#half, split ? members.length - place : members.length)).reverse();
    return {
      overlaps,
      clockwise,
      counterClockwise,
      first: split && gap.place === members.length ? undefined : counterClockwise.at(-1),
      last: split && gap.place === 0 ? undefined : clockwise.at(-1),
      active: [this.#self, ...members].filter((peer) => peer.isCounted),
      ranges: new SparseMap(),
      nearest: new SparseMap(),
    };
  }
}

interface Derived {
  readonly overlaps: boolean;
  readonly clockwise: readonly Peer[];
  readonly counterClockwise: readonly Peer[];
  /** The ends of what is known without a gap, counter-clockwise and clockwise; absent where not even the nearest may be. */
  readonly first: Peer | undefined;
  readonly last: Peer | undefined;
  /** Active nodes in clockwise order, this one first when it is active. */
  readonly active: readonly Peer[];
  /** Those that were asked for, by rank: their ends take arithmetic of 256 bits. */
  readonly ranges: SparseMap<number, Arc | undefined>;
  /** What `near` answered, by how many were asked for. */
  readonly nearest: SparseMap<number, readonly Peer[]>;
}

/** The first `count` of both lists by turns, each peer once. */
function alternating(first: readonly Peer[], second: readonly Peer[], count: number): readonly Peer[] {
  const peers: Peer[] = [];
  for (let rank = 0; rank < count; rank++) {
    const a = first[rank];
    if (a !== undefined && !peers.includes(a)) peers.push(a);
    const b = second[rank];
    if (b !== undefined && !peers.includes(b)) peers.push(b);
  }
  return peers;
}

/** The widest stretch without a node, as a fraction of the ring, and the place of the member at its end. */
function widestGap(self: Peer, members: readonly Peer[]): { width: number; place: number } {
  let width = 0;
  let place = 0;
  let before = self;
  for (let i = 0; i <= members.length; i++) {
    const after = members[i] ?? self;
    const stretch = members.length === 0 ? ringTops : clockwiseTop(before.id, after.id);
    if (stretch > width) {
      width = stretch;
      place = i;
    }
    before = after;
  }
  return { width: width / ringTops, place };
}

/** n random points leave a gap of width g with a chance of about n(1 − g)ⁿ⁻¹. */
function widestPlausibleGap(nodes: number): number {
  return nodes < 4 ? 1 : -expm1(ln(chanceOfGap / nodes) / (nodes - 1));
}

/** Index of the first node in `ring` (clockwise from `origin`) at or behind `key`. */
function placeBehind(ring: readonly Peer[], origin: Id, key: Id): number {
  let low = 0;
  let high = ring.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const node = ring[middle];
    if (node !== undefined && compareClockwise(origin, node.id, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
