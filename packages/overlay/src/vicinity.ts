import type { Contact } from './contact.ts';
import type { Context } from './context.ts';
import type { Id } from './id.ts';
import type { LeafSetExchange } from './leaf-set-exchange.ts';
import { type MemberName, topOf } from './member-name.ts';
import type { LeafSetMessage } from './messages.ts';
import type { Peer } from './peers.ts';
import { ringTop, ringTops, topsAhead } from './ring.ts';

/** The vicinity reaches so many times as far on each side as the leaf set. */
const reaches = 4;
/** Whoever connected from so far away may take the vicinity for larger: two estimates of a ring's size differ by a quarter, from 32 members each. */
const keptSlack = 1.5;
/** Between two questions of one round, and between two rounds: newcomers come by themselves. */
const askMs = 4_000;
const roundMs = 60 * 60_000;
/** Contacts that wait to be connected to at most: two leaf sets. */
const introducedMax = 64;

type Side = 'clockwise' | 'counterClockwise';

const sides: readonly Side[] = ['clockwise', 'counterClockwise'];

/** How far the vicinity of any node reaches on either side, in the unit of `clockwiseTop`. */
export function vicinityReach({ leafSet }: Context): number {
  return Math.min(ringTops / 2, reaches * leafSet.reach);
}

/** Nodes in it beside the members. */
export function vicinitySize({ config }: Context): number {
  return (reaches - 1) * config.leafSetSize;
}

/**
 * The nodes around this one on the ring, some leaf sets far. Each is connected to all of its own, so that whoever is in the vicinity
 * of a key knows its root and has a connection to it: a lookup is there in two hops, the first of which may be short.
 */
export class Vicinity {
  readonly #context: Context;
  readonly #exchange: LeafSetExchange;
  #introduced: readonly Contact[] = [];
  #asked: Peer | undefined;
  #askAtMs: number = Number.NEGATIVE_INFINITY;
  /** How far on each side this round has come. */
  readonly #covered: Record<Side, number> = { clockwise: 0, counterClockwise: 0 };

  constructor(context: Context, exchange: LeafSetExchange) {
    this.#context = context;
    this.#exchange = exchange;
  }

  /** Whether a connection is to be kept because of where the peer is. */
  keeps(id: Id): boolean {
    return ringTop(id, this.#context.self.id) <= keptSlack * vicinityReach(this.#context);
  }

  /** Whom to connect to next. With nobody left who was named, the next question is asked, unless this round is over. */
  next(isMissing: (peer: Peer) => boolean): Peer | undefined {
    const { first, others } = this.#context.peers.chooseFrom(this.#introduced, isMissing);
    this.#introduced = others;
    if (first === undefined) this.#ask();
    return first;
  }

  onLeafSet(from: Peer, message: LeafSetMessage): void {
    if (from !== this.#asked) return;
    if (message.purpose === 'list') this.#onList(from, message.named);
    else if (message.purpose === 'answer') this.#introduce(message.members);
  }

  #onList(from: Peer, named: readonly MemberName[]): void {
    const side = sides.find((each) => this.#ahead(each, from.id.top) < ringTops / 2) as Side;
    const reach = vicinityReach(this.#context);
    const known: Contact[] = [];
    const wanted: MemberName[] = [];
    for (const name of named) {
      const ahead = this.#ahead(side, topOf(name));
      if (ahead >= ringTops / 2) continue;
      this.#covered[side] = Math.max(this.#covered[side], ahead);
      if (ahead > reach) continue;
      const peer = this.#context.peers.named(name);
      if (peer === undefined) wanted.push(name);
      else known.push(peer.contact);
    }
    this.#introduce(known);
    if (wanted.length > 0) this.#exchange.send(from, 'answer', { wanted });
  }

  #introduce(contacts: readonly Contact[]): void {
    this.#introduced = [...this.#introduced, ...contacts].slice(0, introducedMax);
  }

  /** The outermost that one is connected to is asked for its leaf set, which leads on outward. */
  #ask(): void {
    const { now, leafSet } = this.#context;
    if (now.monoMs < this.#askAtMs) return;
    const side = sides.find((each) => this.#covered[each] < vicinityReach(this.#context));
    this.#askAtMs = now.monoMs + this.#context.jittered(side === undefined ? roundMs : askMs);
    if (side === undefined) {
      for (const each of sides) this.#covered[each] = 0;
      return;
    }
    this.#covered[side] = Math.max(this.#covered[side], leafSet.reach);
    this.#asked = this.#outermost(side);
    if (this.#asked === undefined) this.#covered[side] += leafSet.reach;
    else this.#exchange.send(this.#asked, 'ask');
  }

  /** Of those within what was covered; not again the one that was asked last, who may not have answered. */
  #outermost(side: Side): Peer | undefined {
    let outermost: Peer | undefined;
    let farthest = 0;
    for (const peer of this.#context.peers.connected) {
      const ahead = this.#ahead(side, peer.id.top);
      if (ahead <= farthest || ahead > this.#covered[side] || peer === this.#asked || !this.#context.isHop(peer)) continue;
      outermost = peer;
      farthest = ahead;
    }
    return outermost;
  }

  #ahead(side: Side, top: number): number {
    const own = this.#context.self.id.top;
    return side === 'clockwise' ? topsAhead(own, top) : topsAhead(top, own);
  }
}
