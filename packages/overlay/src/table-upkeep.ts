import type { Context } from './context.ts';
import type { Deadline, Timer } from './deadlines.ts';
import { compareIds, type Id, sharedPrefixLength } from './id.ts';
import type { LeafSetExchange } from './leaf-set-exchange.ts';
import { type MemberName, NamedNodes, placeOf, topOf } from './member-name.ts';
import type { LeafSetMessage, TableReplyMessage, TableRequestMessage } from './messages.ts';
import type { Peer } from './peers.ts';
import { clockwiseTop, ringTops, topsAhead } from './ring.ts';

const tableUpkeepTimer: Timer = { kind: 'tableUpkeep' };

/** Contacts in the answer to one question at most. */
const contactsMax = 32;
/** So many of them are those nearest to the one who answers, by round-trip time: they are likely to be near to the asker as well. */
const nearestFirst = 16;
/** Contacts that one sweep asks for at most. */
const learnedMax = 16;
/** After a sweep that showed contacts which are worth having, the next one comes this soon. */
const newsMs = 4_000;
/** What is spent on contacts where nodes come and go: 60 bytes a second, at 125 bytes a contact. Few lookups pass before they are dead. */
const learnedPerMs = 60 / 125 / 1000;
/** With fewer than these most lookups would take a hop more. */
const contactsLeast = 64;
/** An answer with fewer new contacts than this says that most are known; sweeps find the rest. */
const newLeast = 4;
/** While answers bring contacts that were not known, questions come in such pauses; then longer and longer. */
const fillMsMin = 4_000;
const fillMsMax = 60_000;

/**
 * Keeps the routing table filled and true. It is filled by traffic, and at first by asking peers for their rows. From then on
 * its contacts are gone through in ring order: one is asked for its leaf set, which says of all contacts in that arc at once
 * who lives there and who does not any more. How fast it goes round is tuned to the failure rate and the network's size.
 */
export class TableUpkeep {
  readonly #context: Context;
  readonly #exchange: LeafSetExchange;
  /** Pause between questions for rows; at its limit the table is full. */
  #fillMs = fillMsMin;
  /** Where on the ring the arc ends that was gone through last. */
  #swept: Id;
  readonly #deadline: Deadline;
  /** Whose leaf set is awaited. */
  #asked: Peer | undefined;

  constructor(context: Context, exchange: LeafSetExchange) {
    this.#context = context;
    this.#exchange = exchange;
    this.#swept = context.self.id;
    this.#deadline = context.deadlines.prepare(tableUpkeepTimer);
  }

  /** `isFilled`: there is no hurry to find contacts. */
  begin(isFilled: boolean): void {
    if (isFilled) this.#fillMs = fillMsMax;
    this.#again(this.#pauseMs());
  }

  onTimer(): void {
    if (this.#isFilling) this.#askForRow();
    else this.#sweep();
    this.#again(this.#pauseMs());
  }

  onRequest(from: Peer, message: TableRequestMessage): void {
    const heardSinceMs = this.#heardSinceMs();
    const told = new Set<Peer>();
    for (const peer of [...this.#nearest(message.row), ...this.#context.rotated(this.#context.table.row(message.row))]) {
      if (told.size === contactsMax) break;
      const isWorthTelling = peer.connected || peer.lastHeardMs >= heardSinceMs;
      if (isWorthTelling && peer !== from && this.#context.isHop(peer)) told.add(peer);
    }
    const contacts = [...told].map(({ contact }) => contact);
    this.#context.send(from, { type: 'tableReply', row: message.row, contacts });
  }

  /** The connected contacts of the row that are nearest by round-trip time; of no use where everybody is to know everybody. */
  #nearest(row: number): readonly Peer[] {
    const { isRingInTable, self, peers } = this.#context;
    if (isRingInTable) return [];
    const near = peers.connected.filter((peer) => peer.rttMeanMs >= 0 && sharedPrefixLength(self.id, peer.id) === row);
    return near.sort((a, b) => a.rttMeanMs - b.rttMeanMs).slice(0, nearestFirst);
  }

  onReply(message: TableReplyMessage): void {
    const before = this.#context.table.size;
    for (const contact of message.contacts.slice(0, contactsMax)) this.#context.learn(contact);
    if (this.#context.table.size >= before + newLeast) this.#fillMs = fillMsMin;
  }

  /** The answer to a sweep: contacts between the outermost members that are not among them are gone. */
  onLeafSet(from: Peer, message: LeafSetMessage): void {
    if (from !== this.#asked || message.purpose !== 'list') return;
    this.#asked = undefined;
    if (message.named.length < this.#context.config.leafSetSize) return;
    const [first, last] = outermost(from.id, message.named);
    const listed = new NamedNodes(message.named);
    for (const peer of this.#context.table.within({ from: first, to: last })) {
      if (listed.has(peer.id)) {
        if (peer.connected) peer.vouched(this.#context.now.monoMs);
      } else if (this.#isSweepable(peer)) this.#context.table.remove(peer);
    }
    this.#swept = last;
    const wanted = this.#unknownOf(message.named);
    if (wanted.length === 0) return;
    this.#exchange.send(from, 'answer', { wanted });
    if (wanted.length >= (this.#context.isRingInTable ? 1 : newLeast)) this.#again(newsMs);
  }

  /** Some of the named nodes that the table has room for and lacks. */
  #unknownOf(names: readonly MemberName[]): readonly MemberName[] {
    const { table } = this.#context;
    const count = Math.min(learnedMax, Math.max(0, Math.floor(this.#contactsWorth()) - table.size));
    const unknown: MemberName[] = [];
    for (const name of names) {
      if (unknown.length >= count) break;
      if (table.lacks(name)) unknown.push(name);
    }
    return unknown;
  }

  /** Where sessions are short, what others said once is passed on from table to table long after it has died: who was heard since then is told of. */
  #heardSinceMs(): number {
    if (this.#contactsWorth() >= this.#context.config.tableContactsMax) return Number.NEGATIVE_INFINITY;
    return this.#context.now.monoMs - this.#context.livesMs;
  }

  get #isFilling(): boolean {
    return this.#fillMs < fillMsMax && this.#context.table.size < this.#contactsWorth();
  }

  /** So many contacts may be learned anew in the time that they live, for what the upkeep may cost. */
  #contactsWorth(): number {
    return Math.max(contactsLeast, Math.min(this.#context.config.tableContactsMax, this.#context.livesMs * learnedPerMs));
  }

  #askForRow(): void {
    this.#fillMs = Math.min(fillMsMax, 2 * this.#fillMs);
    const { table, random } = this.#context;
    // The first rows hold most of the contacts, so they are asked for most.
    const row = Math.floor(random.next() * random.next() * table.rowCount);
    const partner = this.#partner(row);
    if (partner !== undefined) this.#context.send(partner, { type: 'tableRequest', row });
  }

  #sweep(): void {
    const peer = this.#next();
    if (peer === undefined) return;
    this.#swept = peer.id;
    this.#asked = peer;
    this.#exchange.send(peer, 'ask');
  }

  /** The farthest contact whose leaf set reaches back to where the last arc ends, else the next one there is. */
  #next(): Peer | undefined {
    const { table } = this.#context;
    const ahead = table.cellOf(this.#swept).filter(({ id }) => compareIds(this.#swept, id) < 0);
    return this.#nextOf(ahead) ?? this.#nextOf(table.all());
  }

  #nextOf(contacts: readonly Peer[]): Peer | undefined {
    const { reach } = this.#context.leafSet;
    let farthest: Peer | undefined;
    let nearest: Peer | undefined;
    for (const peer of contacts) {
      if (!this.#isSweepable(peer) || peer.id.equals(this.#swept)) continue;
      if (this.#ahead(peer) <= reach && (farthest === undefined || this.#ahead(peer) > this.#ahead(farthest))) farthest = peer;
      if (nearest === undefined || this.#ahead(peer) < this.#ahead(nearest)) nearest = peer;
    }
    return farthest ?? nearest;
  }

  #ahead(peer: Peer): number {
    return clockwiseTop(this.#swept, peer.id);
  }

  /** Contacts that nothing but traffic vouches for: members are watched. */
  #isSweepable(peer: Peer): boolean {
    return !peer.isLeaf && this.#context.isHop(peer);
  }

  #again(inMs: number): void {
    this.#context.deadlines.move(this.#deadline, this.#context.now.monoMs + this.#context.jittered(inMs));
  }

  #pauseMs(): number {
    return this.#isFilling ? this.#fillMs : this.#sweepMs();
  }

  /** Every contact is to be gone through within the tuned time. */
  #sweepMs(): number {
    const { config, leafSet, table, tuning, now } = this.#context;
    const nodes = leafSet.estimatedSize();
    const arcs = Math.min(table.size, nodes / config.leafSetSize);
    const pauseMs = tuning.tableMs(now.monoMs, leafSet.size, nodes) / Math.max(1, arcs);
    return Math.min(config.tableUpkeepMsMax, Math.max(config.tableUpkeepMsMin, pauseMs));
  }

  /** A connected peer that shares at least `row` digits, so that its row is of use for this node's row. */
  #partner(row: number): Peer | undefined {
    const { table } = this.#context;
    const fit: Peer[] = [];
    for (let deeper = row; deeper < table.rowCount; deeper++) {
      for (const peer of table.row(deeper)) if (peer.connected && this.#context.isHop(peer)) fit.push(peer);
    }
    return this.#context.pick(fit);
  }
}

/** The counter-clockwise and the clockwise end of a leaf set. */
function outermost(center: Id, members: readonly MemberName[]): readonly [Id, Id] {
  let first: MemberName | undefined;
  let last: MemberName | undefined;
  let behindMax = 0;
  let aheadMax = 0;
  for (const name of members) {
    // Its own place, cut off, lies just behind the center itself and is no end.
    const top = topOf(name);
    if (top === center.top) continue;
    const ahead = topsAhead(center.top, top);
    const behind = ringTops - ahead;
    if (ahead < behind && ahead > aheadMax) {
      last = name;
      aheadMax = ahead;
    } else if (ahead >= behind && behind > behindMax) {
      first = name;
      behindMax = behind;
    }
  }
  return [first === undefined ? center : placeOf(first), last === undefined ? center : placeOf(last)];
}
