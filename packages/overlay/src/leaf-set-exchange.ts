import type { Contact } from './contact.ts';
import type { Context } from './context.ts';
import type { Id } from './id.ts';
import { type MemberName, NamedNodes, nameOf, placeOf } from './member-name.ts';
import type { FailedEntry, LeafSetMessage, LeafSetPurpose } from './messages.ts';
import type { Peer } from './peers.ts';
import { compareClockwise } from './ring.ts';

/** Contacts that one answer carries at most: a whole leaf set. */
const contactsMax = 64;
/** Failures told in one message at most. */
const failedMax = 64;
/** Names in one message at most: four leaf sets. */
const namesMax = 128;
/** Whoever has not heard of so late a failure would have to find out for itself why a list lacks the node. */
const freshMs = 2_000;
const nothing = { named: [], members: [], wanted: [], failed: [] } as const;

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
    const contacts = purpose === 'compare' ? [...this.#own(), ...this.#candidates()] : this.#own();
    const failed = this.#failures(({ ageMs }) => ageMs < freshMs);
    this.send(to, purpose, { named: contacts.slice(0, namesMax).map(nameOf), failed });
  }

  /** What the sender of the message asked for and what it seems not to know, if there is anything. */
  answer(to: Peer, message: LeafSetMessage, wanted: readonly MemberName[]): void {
    const missing = message.purpose === 'compare' ? this.#missing(to.id, message.named) : [];
    const members = [...this.#contactsOf(message.wanted), ...missing].slice(0, contactsMax);
    const named = new NamedNodes(message.named, message.members);
    const failed = message.purpose === 'push' ? [] : this.#failures(({ id }) => named.has(id));
    if (members.length + wanted.length + failed.length > 0) this.send(to, 'answer', { members, wanted, failed });
  }

  /** The members of these names that this node has. */
  membersOf(names: readonly MemberName[]): readonly Peer[] {
    if (names.length === 0) return [];
    const asked = new Set(names);
    return this.#context.leafSet.members.filter((peer) => peer.isOnRing && asked.has(nameOf(peer.contact)));
  }

  #contactsOf(names: readonly MemberName[]): readonly Contact[] {
    const { self } = this.#context;
    const contacts = this.membersOf(names).map((peer) => peer.contact);
    return names.includes(nameOf(self)) ? [self, ...contacts] : contacts;
  }

  /** What a node that has the named members lacks, of those that this node knows: they are among its nearest. */
  #missing(center: Id, named: readonly MemberName[]): readonly Contact[] {
    const known = new Set(named);
    const places: { readonly id: Id; readonly contact?: Contact }[] = [];
    // Cut off behind its first bits, the center's own place would be the last of the round.
    for (const name of named) if (placeOf(name).top !== center.top) places.push({ id: placeOf(name) });
    for (const contact of this.#own())
      if (!contact.id.equals(center) && !known.has(nameOf(contact))) places.push({ id: contact.id, contact });
    const near = this.#nearest(center, places);
    return near.flatMap(({ contact }) => contact ?? []);
  }

  /** Of the named nodes those that would be members, were all live that are members or are being asked. */
  nearestOf(names: readonly MemberName[]): readonly MemberName[] {
    if (names.length === 0) return names;
    const { leafSet, self } = this.#context;
    const places: { readonly id: Id; readonly name?: MemberName }[] = [...leafSet.members, ...this.#candidates()].map(({ id }) => ({ id }));
    for (const name of names) places.push({ id: placeOf(name), name });
    return this.#nearest(self.id, places).flatMap(({ name }) => name ?? []);
  }

  #nearest<T extends { readonly id: Id }>(center: Id, places: readonly T[]): readonly T[] {
    const half = this.#context.config.leafSetSize / 2;
    const ring = [...places].sort((a, b) => compareClockwise(center, a.id, b.id));
    return ring.length <= 2 * half ? ring : [...ring.slice(0, half), ...ring.slice(-half)];
  }

  /** Those who are being asked whether they live need not be told again. */
  #candidates(): readonly Contact[] {
    const { leafSet, peers } = this.#context;
    const candidates: Contact[] = [];
    for (const peer of peers.values()) if (peer.isQuestioned && !peer.isLeaf && leafSet.fits(peer.id)) candidates.push(peer.contact);
    return candidates;
  }

  #failures(concern: (entry: FailedEntry) => boolean): readonly FailedEntry[] {
    return this.#context.failed.recent(failedMax, this.#context.now.monoMs, concern);
  }

  #own(): readonly Contact[] {
    const { leafSet, self, isServing } = this.#context;
    return isServing ? [self, ...leafSet.contacts()] : leafSet.contacts();
  }
}
