import { hashOfDigits, type Id } from './id.ts';
import { type MemberName, nameOf } from './member-name.ts';
import type { Peer } from './peers.ts';

const slotsMin = 32;
/** The list grows by so many: one that is pushed to grows by half of what it has. */
const growth: readonly undefined[] = Array.from({ length: 16 }, () => undefined);
/** Of all slots, how many may be taken before there are twice as many: a search then looks at two or three. */
const loadMax = 0.7;

/**
 * Peers by id, in the order in which they were added: a list, and an open-addressed table of places in it (linear probing, Knuth 6.4).
 * A node knows hundreds of peers and looks one up for every message; a `Map` of them takes four times the room, and a string to hash.
 * Nothing is ever deleted: whoever forgets peers makes a new index of those that stay.
 */
export class PeerIndex {
  #peers: readonly (Peer | undefined)[] = [];
  #size = 0;
  /** A place in the list plus one, 0 for a free slot. The length is a power of two. */
  #slots: Uint16Array | Uint32Array = new Uint16Array(slotsMin);

  get size(): number {
    return this.#size;
  }

  all(): readonly Peer[] {
    return this.#peers.slice(0, this.#size) as Peer[];
  }

  get(id: Id): Peer | undefined {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = id.hash & mask; ; slot = (slot + 1) & mask) {
      const place = slots[slot] as number;
      if (place === 0) return undefined;
      const peer = this.#peers[place - 1] as Peer;
      const own = peer.contact.id;
      if (own === id || own.hex === id.hex) return peer;
    }
  }

  /** As `get`, by the name that the peer's contact has. */
  named(name: MemberName): Peer | undefined {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hashOfDigits(name) & mask; ; slot = (slot + 1) & mask) {
      const place = slots[slot] as number;
      if (place === 0) return undefined;
      const peer = this.#peers[place - 1] as Peer;
      if (nameOf(peer.contact) === name) return peer;
    }
  }

  /** The peer must not be there yet. */
  add(peer: Peer): void {
    if (this.#size === this.#peers.length) this.#peers = this.#peers.concat(growth);
    (this.#peers as (Peer | undefined)[])[this.#size++] = peer;
    if (this.#size > this.#slots.length * loadMax) this.#grow();
    else this.#enter(peer.contact.id, this.#size);
  }

  #enter(id: Id, place: number): void {
    const mask = this.#slots.length - 1;
    let slot = id.hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = place;
  }

  #grow(): void {
    const length = this.#slots.length * 2;
    this.#slots = length < 2 ** 16 ? new Uint16Array(length) : new Uint32Array(length);
    for (const [index, { contact }] of this.all().entries()) this.#enter(contact.id, index + 1);
  }
}
