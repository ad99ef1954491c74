import type { Contact } from './contact.ts';
import type { Context } from './context.ts';
import type { Deadline } from './deadlines.ts';
import type { Id } from './id.ts';
import type { LeafSetExchange } from './leaf-set-exchange.ts';
import { type MemberName, NamedNodes, nameDigits, nameOf, placeOf, startOf } from './member-name.ts';
import type { FailedEntry, LeafSetMessage } from './messages.ts';
import type { Peer } from './peers.ts';
import { SparseMap } from './sparse-map.ts';

/** Changes that one push carries at most. */
const changesMax = 64;
/** Changes of which it is known who knows them, at most. */
const heardMax = 256;

/** For so long it matters who told of a change: what is said of a node later is another change. */
const heardMs = 10_000;
/** So many tell a node of a newcomer: one message may be lost, and exchanges find what was missed. */
const tellersMax = 2;

type Change = 'came' | 'failed';

/** Who knows of a change. */
interface Hearsay {
  readonly change: Change;
  readonly sinceMs: number;
  readonly knowers: Set<Peer>;
  /** Who was told of a failure by one of them: the message may be lost, so that another one tells it as well. */
  readonly toldOnce: Set<Peer>;
}

interface FailedNews {
  readonly failed: Peer;
  readonly sinceMs: number;
}

/**
 * Tells the near neighbours on both sides what changed in the leaf set; they tell theirs, and so it travels outward. Whoever
 * is known to know is not told again: those who told this node, and those whom they have told.
 */
export class LeafSetPush {
  readonly #context: Context;
  readonly #exchange: LeafSetExchange;
  /** What others told, by the place of the node that it concerns, until this node has passed it on. */
  readonly #hearsay: SparseMap<string, Hearsay> = new SparseMap();
  /** Until then this node finds whom its neighbours have known for long: they are told names. */
  #fillingUntilMs = 0;
  /** What is still to be told, by the place of the node: a contact that came or changed, or a life that is over. */
  readonly #news: SparseMap<string, Contact | FailedNews> = new SparseMap();
  /** Verdicts of others that were passed on, by id, with when. */
  readonly #announced: SparseMap<string, number> = new SparseMap();
  #deadline: Deadline | undefined;

  constructor(context: Context, exchange: LeafSetExchange) {
    this.#context = context;
    this.#exchange = exchange;
  }

  begin(fillingUntilMs: number): void {
    this.#fillingUntilMs = fillingUntilMs;
  }

  came(contact: Contact): void {
    if (!this.#context.isOnRing) return;
    this.#news.set(placeKey(contact.id), contact);
    this.#soon();
  }

  /** `from` knows what it says. What it pushes, its near neighbours are told as well. */
  onHeard(from: Peer, message: LeafSetMessage): void {
    const told = message.purpose === 'push' ? this.#context.leafSet.beside(from, this.#context.config.nearNeighbours) : [];
    for (const { id, incarnation } of message.members) {
      const member = this.#context.leafSet.get(id);
      const isNews =
        member === undefined ? this.#context.leafSet.fits(id) : this.#news.has(placeKey(id)) || member.contact.incarnation < incarnation;
      if (isNews) this.#note(id, 'came', from, told);
    }
    this.#hearNames(from, message, told);
    for (const { id } of message.failed) {
      if (this.#context.leafSet.at(id) !== undefined || this.#news.has(placeKey(id))) this.#note(id, 'failed', from, told);
    }
  }

  #hearNames(from: Peer, { purpose, named }: LeafSetMessage, told: readonly Peer[]): void {
    if (named.length === 0 || (purpose !== 'push' && this.#news.size === 0)) return;
    const { leafSet } = this.#context;
    const members = new NamedNodes([], leafSet.members);
    const news = new Set([...this.#news.values()].flatMap((item) => ('failed' in item ? [] : nameOf(item))));
    for (const name of named) {
      const id = placeOf(name);
      const isNews = purpose === 'push' && leafSet.fits(id) && !members.has(id);
      if (isNews || news.has(name)) this.#note(id, 'came', from, told);
    }
  }

  /** A node that has just become active tells its near neighbours itself. */
  onArrival(newcomer: Peer, message: LeafSetMessage): void {
    if (!this.#news.has(placeKey(newcomer.id))) return;
    const listed = new NamedNodes(message.named);
    const beside = this.#context.leafSet.beside(newcomer, this.#context.config.nearNeighbours);
    this.#note(
      newcomer.id,
      'came',
      newcomer,
      beside.filter(({ id }) => listed.has(id)),
    );
  }

  /** This node's own verdict, which is no news when others were told already that there is one. */
  failed(peer: Peer): void {
    const { monoMs } = this.#context.now;
    const toldMs = this.#announced.get(peer.id.hex);
    this.#announced.delete(peer.id.hex);
    if (toldMs === undefined || monoMs - toldMs > heardMs) this.#tell(peer, monoMs);
  }

  /** The verdict of another: all verify it at the same time, instead of each only after the one before. */
  announced(peer: Peer, ageMs: number): void {
    const { monoMs } = this.#context.now;
    const toldMs = this.#announced.get(peer.id.hex);
    if (toldMs !== undefined && monoMs - toldMs <= heardMs) return;
    this.#announced.set(peer.id.hex, monoMs);
    this.#announced.keepLatest(heardMax);
    this.#tell(peer, monoMs - ageMs);
  }

  /** Sends the news to those neighbours for whom `isServedOtherwise` does not care itself. */
  onTimer(isServedOtherwise: (neighbour: Peer) => boolean): void {
    this.#deadline = undefined;
    const { leafSet, config } = this.#context;
    const news = [...this.#news].slice(0, changesMax);
    for (const neighbour of leafSet.near(config.nearNeighbours)) {
      if (this.#context.isUsable(neighbour) && !isServedOtherwise(neighbour)) this.#send(neighbour, news);
    }
    for (const [place] of news) {
      this.#news.delete(place);
      this.#hearsay.delete(place);
    }
    if (this.#news.size > 0) this.#soon();
  }

  #send(to: Peer, news: readonly (readonly [string, Contact | FailedNews])[]): void {
    const members: Contact[] = [];
    const named: MemberName[] = [];
    const failed: FailedEntry[] = [];
    const isFilling = this.#context.now.monoMs < this.#fillingUntilMs;
    for (const [place, item] of news) {
      if (place === placeKey(to.id) || this.#knows(to, place, 'failed' in item ? 'failed' : 'came')) continue;
      if (!('failed' in item)) {
        if (this.#isToldByOthers(to, place)) continue;
        if (isFilling) named.push(nameOf(item));
        else members.push(item);
      } else failed.push(this.#entryOf(item));
    }
    if (members.length + named.length + failed.length > 0) this.#exchange.send(to, 'push', { members, named, failed });
  }

  #entryOf({ failed: { contact }, sinceMs }: FailedNews): FailedEntry {
    return { id: startOf(contact.id), incarnation: contact.incarnation, ageMs: this.#context.now.monoMs - sinceMs };
  }

  #tell(failed: Peer, sinceMs: number): void {
    if (!this.#context.isOnRing) return;
    this.#news.set(placeKey(failed.id), { failed, sinceMs });
    this.#soon();
  }

  #note(subject: Id, change: Change, from: Peer, told: readonly Peer[]): void {
    const { monoMs } = this.#context.now;
    const key = placeKey(subject);
    let hearsay = this.#hearsay.get(key);
    if (hearsay === undefined || hearsay.change !== change || monoMs - hearsay.sinceMs > heardMs) {
      hearsay = { change, sinceMs: monoMs, knowers: new Set(), toldOnce: new Set() };
      this.#hearsay.delete(key);
      this.#hearsay.set(key, hearsay);
      this.#hearsay.keepLatest(heardMax);
    }
    hearsay.knowers.add(from);
    for (const peer of told) {
      // Who is not told of a death keeps the dead for minutes; who is not told of a newcomer hears of it from the newcomer.
      if (change === 'failed' && !hearsay.toldOnce.has(peer)) hearsay.toldOnce.add(peer);
      else hearsay.knowers.add(peer);
    }
  }

  #knows(peer: Peer, place: string, change: Change): boolean {
    return this.#knowers(place, change)?.has(peer) === true;
  }

  /** Whether enough who know of a newcomer are nearer to the neighbour, on this node's side of it, and so tell it themselves. */
  #isToldByOthers(to: Peer, place: string): boolean {
    const knowers = this.#knowers(place, 'came');
    if (knowers === undefined) return false;
    const { clockwise, counterClockwise } = this.#context.leafSet;
    const half = clockwise.includes(to) ? clockwise : counterClockwise;
    const between = half.slice(0, Math.max(0, half.indexOf(to)));
    return between.filter((peer) => knowers.has(peer)).length >= tellersMax;
  }

  #knowers(place: string, change: Change): ReadonlySet<Peer> | undefined {
    const hearsay = this.#hearsay.get(place);
    if (hearsay === undefined || hearsay.change !== change) return undefined;
    return this.#context.now.monoMs - hearsay.sinceMs <= heardMs ? hearsay.knowers : undefined;
  }

  #soon(): void {
    this.#deadline ??= this.#context.after(this.#context.config.leafSetPushDelayMs, { kind: 'leafSetPush' });
  }
}

/** What a node is known by that was only named. */
function placeKey({ hex }: Id): string {
  return hex.slice(0, nameDigits);
}
