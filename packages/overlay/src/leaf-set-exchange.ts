import type { Contact } from './contact.ts';
import type { Context } from './context.ts';
import type { Id } from './id.ts';
import { type MemberName, NamedNodes, nameOf, placeOf, startOf, topOf } from './member-name.ts';
import type { FailedEntry, LeafSetMessage, LeafSetPurpose } from './messages.ts';
import type { Peer } from './peers.ts';
import { clockwiseTop, topsAhead } from './ring.ts';

/** Contacts that one answer carries at most: a whole leaf set. */
const contactsMax = 64;
/** Failures told in one message at most. */
const failedMax = 64;
/** Names in one message at most: four leaf sets. */
const namesMax = 128;
/** Whoever has not heard of so late a failure would have to find out for itself why a list lacks the node. */
const freshMs = 2_000;
/** Names told of those behind the middle of a half: the rest of it, and some to stand in for those that are dead. */
const behindMax = 12;
const nothing = { named: [], members: [], wanted: [], failed: [] } as const;

/** Somebody on the ring, by the upper bits of its id, and its name if it is looked for. */
interface Place {
  readonly top: number;
  readonly name?: MemberName;
}

export type LeafSetContent = Partial<Pick<LeafSetMessage, 'named' | 'members' | 'wanted' | 'failed'>>;

/** Leaf-set messages as they are made from what this node knows. */
export class LeafSetExchange {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  send(to: Peer, purpose: LeafSetPurpose, content: LeafSetContent = {}): void {
    this.#context.send(to, { type: 'leafSet', purpose, status: this.#context.status, ...nothing, ...content });
  }

  /** All members by name; with `compare` the receiver answers with what it knows better. */
  sendList(to: Peer, purpose: 'list' | 'compare'): void {
    this.#sendNames(to, purpose, purpose === 'compare' ? [...this.#own(), ...this.#candidates()] : this.#own());
  }

  /** The first word of this node as an active one. Who is named counts as told of it, so those that only others reach are left out. */
  sendArrival(to: Peer): void {
    const { leafSet, self } = this.#context;
    const told = leafSet.members.filter(({ relayed }) => !relayed).map(({ contact }) => contact);
    this.#sendNames(to, 'list', [self, ...told]);
  }

  #sendNames(to: Peer, purpose: 'list' | 'compare', contacts: readonly Contact[]): void {
    const failed = this.#failures(({ ageMs }) => ageMs < freshMs);
    this.send(to, purpose, { named: contacts.slice(0, namesMax).map(nameOf), failed });
  }

  /** Those behind the named node, seen from the sender, nearest first. */
  sendBehind(to: Peer, [name]: readonly MemberName[]): void {
    if (name === undefined) return;
    const place = placeOf(name);
    const isAhead = clockwiseTop(to.id, place) < clockwiseTop(place, to.id);
    const distance = ({ id }: Contact): number => (isAhead ? clockwiseTop(place, id) : clockwiseTop(id, place));
    // Cut off behind its first bits, its own place would be the last of the round.
    const behind = this.#own().filter(({ id }) => id.top !== place.top && !id.equals(to.id));
    behind.sort((a, b) => distance(a) - distance(b));
    const named = behind.slice(0, behindMax).map(nameOf);
    if (named.length > 0) this.send(to, 'answer', { named });
  }

  /** What the sender of the message asked for and what it seems not to know, if there is anything. */
  answer(to: Peer, message: LeafSetMessage, wanted: readonly MemberName[]): void {
    const named = message.purpose === 'compare' ? this.#missing(to.id, message.named) : [];
    const members = this.#contactsOf(message.wanted).slice(0, contactsMax);
    const failed = message.purpose === 'push' ? [] : this.#failuresAmong(message);
    if (named.length + members.length + wanted.length + failed.length > 0) this.send(to, 'answer', { named, members, wanted, failed });
  }

  /** The members of these names that this node has. */
  membersOf(names: readonly MemberName[]): readonly Peer[] {
    return this.#peersOf(names).filter((peer) => peer.isLeaf && peer.isOnRing);
  }

  #contactsOf(names: readonly MemberName[]): readonly Contact[] {
    const { self } = this.#context;
    const contacts = names.includes(nameOf(self)) ? [self] : [];
    // Of members that were pushed out since they were named as well.
    for (const { contact, isOnRing } of this.#peersOf(names)) if (isOnRing && !this.#context.isFailed(contact)) contacts.push(contact);
    return contacts;
  }

  #peersOf(names: readonly MemberName[]): readonly Peer[] {
    return [...new Set(names)].flatMap((name) => this.#context.peers.named(name) ?? []);
  }

  /** What a node that has the named members lacks, of those that this node knows: they are among its nearest. */
  #missing(center: Id, named: readonly MemberName[]): readonly MemberName[] {
    const known = new Set(named);
    const places: Place[] = [];
    // Cut off behind its first bits, the center's own place would be the last of the round.
    for (const name of named) places.push({ top: topOf(name) });
    for (const contact of this.#own()) {
      const name = nameOf(contact);
      if (!known.has(name)) places.push({ top: contact.id.top, name });
    }
    return this.#nearest(
      center,
      places.filter(({ top }) => top !== center.top),
    );
  }

  /** Of the named nodes those that would be members, were all live that are members or are being asked. */
  nearestOf(names: readonly MemberName[]): readonly MemberName[] {
    if (names.length === 0) return names;
    const { leafSet, self } = this.#context;
    const places: Place[] = [...leafSet.members, ...this.#candidates()].map(({ id: { top } }) => ({ top }));
    for (const name of names) places.push({ top: topOf(name), name });
    return this.#nearest(self.id, places);
  }

  /** The names among the places that are nearest to the center on either side. */
  #nearest(center: Id, places: readonly Place[]): readonly MemberName[] {
    const half = this.#context.config.leafSetSize / 2;
    const ring = [...places].sort((a, b) => topsAhead(center.top, a.top) - topsAhead(center.top, b.top));
    const nearest = ring.length <= 2 * half ? ring : [...ring.slice(0, half), ...ring.slice(-half)];
    return nearest.flatMap(({ name }) => name ?? []);
  }

  /** Those who are being asked whether they live need not be told again. */
  #candidates(): readonly Contact[] {
    const { leafSet, peers } = this.#context;
    const candidates: Contact[] = [];
    for (const peer of peers.values()) if (peer.isQuestioned && !peer.isLeaf && leafSet.fits(peer.id)) candidates.push(peer.contact);
    return candidates;
  }

  #failuresAmong({ named, members }: LeafSetMessage): readonly FailedEntry[] {
    if (this.#context.failed.size === 0) return [];
    const concerned = new NamedNodes(named, members);
    return this.#failures(({ id }) => concerned.has(id));
  }

  #failures(concern: (entry: FailedEntry) => boolean): readonly FailedEntry[] {
    const failed = this.#context.failed.recent(failedMax, this.#context.now.monoMs, concern);
    return failed.map((entry) => ({ ...entry, id: startOf(entry.id) }));
  }

  #own(): readonly Contact[] {
    const { leafSet, self, isServing } = this.#context;
    return isServing ? [self, ...leafSet.contacts()] : leafSet.contacts();
  }
}
