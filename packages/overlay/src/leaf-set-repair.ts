import type { Context } from './context.ts';
import type { Deadline } from './deadlines.ts';
import type { LeafSetExchange } from './leaf-set-exchange.ts';
import type { Peer } from './peers.ts';

/** After a loss the remaining members are asked for the nodes beyond them after about this long, and then again. */
const delayMs = 200;
/** A leaf set that was full and is not filled up after so many rounds belongs to a ring that has become small. */
const roundsMax = 6;
/** A leaf set that is full again may hold a node that was the first to come, instead of the nearest. */
const roundsWhenFull = 2;
/** Before the second the neighbours have heard of whoever came at the same time. */
const roundsWhenJoined = 2;

/** Fills the places of lost members: others of the same half are asked what they know better. */
export class LeafSetRepair {
  readonly #context: Context;
  readonly #exchange: LeafSetExchange;
  #deadline: Deadline | undefined;
  #roundsLeft = 0;
  #isClockwiseShort = false;
  #isCounterClockwiseShort = false;
  #hasLost = false;

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
   * other, and those who were asked did not know better. A leaf set that holds the whole ring lacks nobody.
   */
  onLost(peer: Peer): void {
    const { leafSet, config } = this.#context;
    const wasFull = leafSet.size === config.leafSetSize - 1;
    if (!wasFull && leafSet.overlaps && !this.#hasLost) return;
    this.#hasLost = true;
    this.#roundsLeft = roundsMax;
    if (leafSet.isClockwise(peer.id)) this.#isClockwiseShort = true;
    else this.#isCounterClockwiseShort = true;
    this.#deadline ??= this.#again();
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
    const isLast = this.#roundsLeft % 2 === 1;
    this.#roundsLeft = Math.min(this.#roundsLeft, leafSet.isFull ? roundsWhenFull : roundsMax) - 1;
    this.#deadline = this.#roundsLeft > 0 ? this.#again() : undefined;
    if (this.#isClockwiseShort) this.#ask(leafSet.clockwise, isLast);
    if (this.#isCounterClockwiseShort) this.#ask(leafSet.counterClockwise, isLast);
    if (this.#deadline !== undefined) return;
    this.#isClockwiseShort = false;
    this.#isCounterClockwiseShort = false;
    this.#hasLost = false;
  }

  /**
   * By turns the member in the middle of the half, who knows beyond its end, and the last one, who knows farthest. When nobody is
   * lost, the neighbours to which there are connections anyway are enough: the last of them knows as far as the half reaches.
   */
  #ask(half: readonly Peer[], isLast: boolean): void {
    const fit = half.filter((peer) => peer.isActive && this.#context.isUsable(peer) && (this.#hasLost || peer.connected));
    const member = fit[isLast || !this.#hasLost ? fit.length - 1 : fit.length >> 1];
    if (member === undefined) return;
    this.#exchange.sendList(member, 'compare');
  }

  #again(): Deadline {
    return this.#context.after(this.#context.jittered(delayMs), { kind: 'leafSetRepair' });
  }
}
