import type { Context } from './context.ts';
import type { Deadline, Timer } from './deadlines.ts';
import type { LeafSetExchange } from './leaf-set-exchange.ts';
import { isIdle, leastWorth, type OpenConnection } from './least-worth.ts';
import { Nearby } from './nearby.ts';
import type { Peer } from './peers.ts';
import { Vicinity, vicinitySize } from './vicinity.ts';

const connectionsTimer: Timer = { kind: 'connections' };

const second = 1000;
const minute = 60 * second;
/**
 * A lookup that passes pays for so many attempts to open a connection, and so many can be saved up: what they cost stays in proportion
 * to what they are good for, also among so many nodes that few lookups come by any one of them.
 */
const attemptsPerLookup = 8;
const attemptsMax = 32;
/** So long after the last lookup the connections that were opened for them are kept. */
const keptMs = 15 * minute;
/** The pause between two of them is such that a whole table takes about so long: a dial costs processor time on both sides (8 ms measured). */
const openingMs = 3 * minute;
const openMsMin = 0.5 * second;
/** Where nodes live shorter than this a connection is dead before it is used. */
const livesMsMin = 15 * minute;
/** Also between two looks at a table with nobody left to connect to. */
const openMsMax = 15 * second;
/** Of the connections that are kept so many are opened from here; the rest is room for those that others open. */
const openedShare = 0.8;
/** Of those that nobody uses so many are kept where lookups are rare. */
const idleMax = 32;
/** Of what is kept, so much more is let stand: to choose takes a look at all of them. */
const surplusShare = 1 / 16;

/**
 * Connections beside those to near neighbours. A dial takes five one-way delays before the message leaves, so for each lookup that
 * passes a node opens some connections to its contacts in the background, and keeps as many of them as its routing table has room
 * for. Where there are no lookups few are kept: nobody needs them.
 */
export class Connections {
  readonly nearby: Nearby;
  readonly vicinity: Vicinity;
  readonly #context: Context;
  readonly #deadline: Deadline;
  #isOpening = false;
  /** Attempts that lookups have paid for. */
  #attempts = 0;
  /** When the last lookup passed through this node. */
  #lookupMs: number = Number.NEGATIVE_INFINITY;
  /** Who was dialled last. */
  #dialled: Peer | undefined;
  /** Whose turn it is: that of a node nearby, or of one in the vicinity. */
  #isTurnOfNearby = false;

  constructor(context: Context, exchange: LeafSetExchange) {
    this.#context = context;
    this.nearby = new Nearby(context);
    this.vicinity = new Vicinity(context, exchange);
    this.#deadline = context.deadlines.prepare(connectionsTimer);
  }

  /** A lookup begins here, or comes by. */
  onLookup(): void {
    this.#lookupMs = this.#context.now.monoMs;
    this.#attempts = Math.min(attemptsMax, this.#attempts + attemptsPerLookup);
    if (!this.#isOpening && this.#context.isServing) this.#again(openMsMin);
  }

  onTimer(): void {
    this.#isOpening = false;
    if (!this.#context.isServing || this.#attempts === 0) return;
    this.#attempts--;
    this.#again(this.#openOne());
  }

  /**
   * Of the open connections those to close: of those that nobody uses some are kept, more while lookups pass. Those to members stay,
   * and while lookups pass those to the vicinity go last.
   */
  surplus<T extends OpenConnection>(connections: readonly T[], nowMs: number): readonly T[] {
    const { peers, isRingInTable } = this.#context;
    const isUsed = this.#isLookedUpWithin(keptMs);
    const others = connections.filter(({ id }) => peers.get(id)?.isLeaf !== true);
    const needless = isUsed ? 0 : others.filter((other) => isIdle(other, nowMs)).length - idleMax;
    const count = Math.max(needless, others.length - this.#max);
    if (count <= this.#wanted * surplusShare) return [];
    const worth = (some: readonly T[]): readonly T[] => leastWorth(some, count, nowMs, (id) => peers.get(id)?.rttMs);
    if (!isUsed || isRingInTable) return worth(others);
    const isKept = ({ id }: T): boolean => this.vicinity.keeps(id);
    const first = worth(others.filter((other) => !isKept(other)));
    return first.length >= count ? first : [...first, ...worth(others.filter(isKept))].slice(0, count);
  }

  /** With no more connections than this there is no surplus. */
  get kept(): number {
    let members = 0;
    for (const { connected } of this.#context.leafSet.members) if (connected) members++;
    return members + this.#wanted * (1 + surplusShare);
  }

  get #wanted(): number {
    return this.#isLookedUpWithin(keptMs) ? this.#max : Math.min(idleMax, this.#max);
  }

  /** The pause until the next one. */
  #openOne(): number {
    const { table, isRingInTable } = this.#context;
    if (this.#context.livesMs < livesMsMin) return openMsMax;
    const peer = isRingInTable ? this.#nextOfSmall() : this.#nextOfLarge();
    if (peer === undefined) {
      // Once more, for an answer that may be on its way.
      this.#attempts = Math.min(1, this.#attempts);
      return openMsMax;
    }
    this.#dialled = peer;
    this.#context.output({ type: 'connect', to: peer.contact });
    return Math.min(openMsMax, Math.max(openMsMin, openingMs / table.size));
  }

  #nextOfSmall(): Peer | undefined {
    const { peers, table } = this.#context;
    return peers.connected.length >= openedShare * this.#max ? undefined : this.#context.pick(table.where(this.#isMissing));
  }

  /**
   * In a network larger than the table: the members, so that the last hop of every lookup is open; then by turns the vicinity, so that
   * the last hop is open to more nodes, and those nearby, so that the hop to one of these is short.
   */
  #nextOfLarge(): Peer | undefined {
    const { leafSet, config } = this.#context;
    const member = leafSet.near(config.leafSetSize / 2).find(this.#isMissing);
    if (member !== undefined) return member;
    this.#isTurnOfNearby = !this.#isTurnOfNearby;
    if (this.#isTurnOfNearby) return this.#nextNearby() ?? this.vicinity.next(this.#isMissing);
    return this.vicinity.next(this.#isMissing) ?? this.#nextNearby();
  }

  #nextNearby(): Peer | undefined {
    const wanted = openedShare * (this.#max - vicinitySize(this.#context));
    return wanted < 1 ? undefined : this.nearby.next(wanted, this.#isMissing);
  }

  /** Can be connected to, and is not yet. */
  readonly #isMissing = (peer: Peer): boolean => {
    const isKnown = peer.connected || peer.isQuestioned || peer === this.#dialled || this.#context.isSelf(peer.id);
    return !isKnown && this.#context.isHop(peer);
  };

  #again(inMs: number): void {
    this.#isOpening = true;
    this.#context.deadlines.move(this.#deadline, this.#context.now.monoMs + this.#context.jittered(inMs));
  }

  #isLookedUpWithin(ms: number): boolean {
    return this.#context.now.monoMs - this.#lookupMs <= ms;
  }

  /** Connections beside those to members at most. */
  get #max(): number {
    return this.#context.table.contactsMax;
  }
}
