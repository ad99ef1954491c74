import type { Context } from './context.ts';
import type { Deadline } from './deadlines.ts';
import type { LeafSetExchange } from './leaf-set-exchange.ts';
import { nameOf } from './member-name.ts';
import type { Peer } from './peers.ts';

/** After a loss the remaining members are asked for the nodes beyond them after about this long, then after twice this and so on. */
const delayMs = 300;
const doublingsMax = 2;
/** A leaf set that is full again may hold a node that was the first to come, instead of the nearest. */
const roundsWhenFull = 2;
/** Before the second the neighbours have heard of whoever came at the same time. */
const roundsWhenJoined = 2;
/** A leaf set that was full and is not filled up after so many rounds belongs to a ring that has become small. */
const roundsMax = 6;

/** Fills the places of lost members: others of the same half are asked what they know better. */
export class LeafSetRepair {
  readonly #context: Context;
  readonly #exchange: LeafSetExchange;
  #deadline: Deadline | undefined;
  #roundsLeft = 0;
  #isClockwiseShort = false;
  #isCounterClockwiseShort = false;
  #hasLost = false;
  /** Whether others named a node that was not found: then they or this node may be wrong about more than that. */
  #hasMissed = false;

  constructor(context: Context, exchange: LeafSetExchange) {
    this.#context = context;
    this.#exchange = exchange;
  }

  /** Whether the nodes that take the places of lost members may not be known yet. */
  get isAfterLoss(): boolean {
    return this.#hasLost;
  }

  /**
   * A member is gone. Each loss begins the rounds anew, because when many fail together their deaths are found one after the
   * other, and those who were asked did not know better. A leaf set that holds the whole ring lacks nobody. A joiner fills its own once it
   * is on the ring.
   */
  onLost(peer: Peer): void {
    const { leafSet, config, isOnRing } = this.#context;
    if (!isOnRing) return;
    const wasFull = leafSet.size === config.leafSetSize - 1;
    if (!wasFull && leafSet.overlaps && !this.#hasLost) return;
    this.#hasLost = true;
    this.#roundsLeft = roundsMax;
    if (leafSet.isClockwise(peer.id)) this.#isClockwiseShort = true;
    else this.#isCounterClockwiseShort = true;
    this.#deadline ??= this.#again();
  }

  /** A node that others named as a member does not live, or not where they say. */
  onMissed(peer: Peer): void {
    this.onLost(peer);
    this.#hasMissed = this.#hasLost;
  }

  /** What a newcomer was told on its way in need not reach to the ends of its halves. */
  onJoined(): void {
    this.#roundsLeft = roundsWhenJoined;
    this.#isClockwiseShort = true;
    this.#isCounterClockwiseShort = true;
    this.#deadline ??= this.#again();
  }

  onTimer(): void {
    const { leafSet } = this.#context;
    const isLast = this.#roundsLeft % 2 === 0;
    const isDone = !this.#isUncertain && leafSet.isFull && this.#roundsLeft < roundsMax;
    this.#roundsLeft = isDone ? 0 : Math.min(this.#roundsLeft, leafSet.isFull ? roundsWhenFull : roundsMax) - 1;
    this.#deadline = this.#roundsLeft > 0 ? this.#again() : undefined;
    if (!isDone && this.#isClockwiseShort) this.#ask(true, isLast);
    if (!isDone && this.#isCounterClockwiseShort) this.#ask(false, isLast);
    if (this.#deadline !== undefined) return;
    this.#isClockwiseShort = false;
    this.#isCounterClockwiseShort = false;
    this.#hasLost = false;
    this.#hasMissed = false;
  }

  /**
   * By turns the last member of the half, who knows farthest, and the one in the middle, who knows beyond its end, are asked for those
   * behind the middle: the last one may have come before those that are nearer. When nobody is lost, the neighbours to which there are
   * connections anyway are enough: the last of them knows as far as the half reaches.
   */
  #ask(isClockwise: boolean, isLast: boolean): void {
    const { leafSet } = this.#context;
    // By the shorter way round, because with a member missing a leaf set may seem to hold the whole ring, and its halves to overlap.
    const half = (isClockwise ? leafSet.clockwise : leafSet.counterClockwise).filter(({ id }) => leafSet.isClockwise(id) === isClockwise);
    const fit = half.filter((peer) => peer.isActive && this.#context.isUsable(peer) && (this.#hasLost || peer.connected));
    const middle = fit[fit.length >> 1];
    const member = isLast || !this.#hasLost ? fit.at(-1) : middle;
    if (member === undefined || middle === undefined) return;
    if (this.#isUncertain) this.#exchange.sendList(member, 'compare');
    else this.#exchange.send(member, 'extend', { named: [nameOf(middle.contact)] });
  }

  /**
   * Whether more than the ends of the halves may have changed. When many fail at once the others' word on who failed is worth as much
   * as their word on who is next.
   */
  get #isUncertain(): boolean {
    return !this.#hasLost || this.#hasMissed || this.#context.isCrumbling;
  }

  #again(): Deadline {
    const doublings = this.#isUncertain ? 0 : Math.min(doublingsMax, roundsMax - this.#roundsLeft);
    return this.#context.after(this.#context.jittered(delayMs * 2 ** doublings), { kind: 'leafSetRepair' });
  }
}
