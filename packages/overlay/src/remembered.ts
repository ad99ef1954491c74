import { type Contact, isSameContact } from './contact.ts';
import type { Context } from './context.ts';
import type { Deadline } from './deadlines.ts';
import type { Id } from './id.ts';
import type { Peer } from './peers.ts';
import { ringTops } from './ring.ts';
import { SparseMap } from './sparse-map.ts';

/** Sectors of the ring, by the top bits of the id, over which the contacts are spread. */
const sectors = 64;
const sectorTops = ringTops / sectors;
/** So many of the contacts may be of nodes that fell silent: after a partition they are the only way to the other side. */
const lostShare = 1 / 4;
/** Pause before a contact that did not answer is tried again, doubled each time. */
const retryMsMin = 4_000;
const retryMsMax = 60 * 60_000;
/** The driver is told of changes soon, but seldom. */
const announceMsMin = 1_000;
const announceEveryMs = 5_000;

interface Loss {
  readonly failures: number;
  readonly retryMs: number;
}

/** Contacts for a rejoin and for finding other rings of the network: the live ones spread over the ring, and some lost ones. */
export class Remembered {
  readonly #context: Context;
  /** In the order in which they were noted. They are few and change seldom, so each change makes a new list of exactly their number. */
  #contacts: readonly Contact[] = [];
  /** Of each of them `keyOf` its id: side by side, so that most of the contacts need no look. */
  #keys: readonly number[] = [];
  /** Those of them that did not answer last time. */
  readonly #losses: SparseMap<string, Loss> = new SparseMap();
  #deadline: Deadline | undefined;
  #announcedMs: number = Number.NEGATIVE_INFINITY;

  constructor(context: Context, contacts: readonly Contact[]) {
    this.#context = context;
    this.adopt(contacts);
  }

  get size(): number {
    return this.#contacts.length;
  }

  contacts(): readonly Contact[] {
    return this.#contacts;
  }

  /** Takes over contacts that somebody else has remembered; of too many some from everywhere in the list. */
  adopt(contacts: readonly Contact[]): void {
    const { rememberedMax } = this.#context.config;
    const step = Math.max(1, contacts.length / rememberedMax);
    for (let at = 0; at < contacts.length && this.size < rememberedMax; at += step) {
      const contact = contacts[Math.floor(at)] as Contact;
      if (contact.role === 'full' && !this.#context.isSelf(contact.id)) this.#put(contact, this.#placeOf(contact.id));
    }
  }

  /** An active node spoke for itself. Once there are enough, only one that is new to the routing table takes the place of another. */
  note(peer: Peer, isNewlyTabled: boolean): void {
    const { contact } = peer;
    if (peer.isNoted && !isNewlyTabled) return;
    peer.isNoted = true;
    const place = this.#placeOf(contact.id);
    const known = this.#contacts[place];
    const { rememberedMax } = this.#context.config;
    if (known === undefined && !isNewlyTabled && this.size >= rememberedMax) return;
    this.#losses.delete(contact.id.hex);
    if (known !== contact) this.#put(contact, place);
    const isKept = this.size <= rememberedMax || this.#forgetWorst() !== contact;
    if (known === undefined ? isKept : !isSameContact(known, contact)) this.#changed();
  }

  /** The node does not answer any more. It is kept for a while among the lost. */
  lost(peer: Peer): void {
    peer.isNoted = false;
    const { hex } = peer.id;
    if (this.#placeOf(peer.id) < 0) return;
    const known = this.#losses.get(hex);
    // One silence is noticed in several ways: by a verdict, by dials that fail.
    if (known !== undefined && this.#context.now.monoMs < known.retryMs) return;
    const failures = (known?.failures ?? 0) + 1;
    const retryMs = this.#context.now.monoMs + this.#context.jittered(Math.min(retryMsMax, retryMsMin * 2 ** (failures - 1)));
    this.#losses.set(hex, { failures, retryMs });
    if (this.#losses.size <= this.#context.config.rememberedMax * lostShare) return;
    this.#forget(this.#placeOf(this.#worstLoss()));
    this.#changed();
  }

  /** A random contact whose turn it is. */
  pick(): Contact | undefined {
    const { monoMs } = this.#context.now;
    const isDue = (contact: Contact): boolean => (this.#losses.get(contact.id.hex)?.retryMs ?? 0) <= monoMs;
    return this.#context.pick(this.#contacts.filter(isDue));
  }

  onTimer(): void {
    this.#deadline = undefined;
    this.#announcedMs = this.#context.now.monoMs;
    this.#context.emit({ type: 'rememberedChanged' });
  }

  #worstLoss(): Id {
    const lost = this.#contacts.filter(({ id }) => this.#losses.has(id.hex)).map(({ id }) => id);
    const failures = ({ hex }: Id): number => this.#losses.get(hex)?.failures ?? 0;
    return lost.reduce((worst, id) => {
      const more = failures(id) - failures(worst) || this.#heardMs(worst) - this.#heardMs(id);
      return more > 0 ? id : worst;
    });
  }

  /** Of the most crowded sector the one heard from least recently. */
  #forgetWorst(): Contact {
    const counts = new Uint8Array(sectors);
    for (const key of this.#keys) counts[key % sectors] = (counts[key % sectors] as number) + 1;
    let crowded = 0;
    for (let sector = 1; sector < sectors; sector++) if ((counts[sector] as number) > (counts[crowded] as number)) crowded = sector;
    const worst = this.#contacts
      .filter((_, place) => (this.#keys[place] as number) % sectors === crowded)
      .reduce((found, contact) => (this.#heardMs(contact.id) < this.#heardMs(found.id) ? contact : found));
    this.#forget(this.#contacts.indexOf(worst));
    return worst;
  }

  /** −1 when it is not remembered. */
  #placeOf(id: Id): number {
    const key = keyOf(id);
    return this.#keys.findIndex((each, place) => each === key && (this.#contacts[place] as Contact).id.equals(id));
  }

  #put(contact: Contact, place: number): void {
    this.#contacts = place < 0 ? this.#contacts.concat(contact) : this.#contacts.with(place, contact);
    if (place < 0) this.#keys = this.#keys.concat(keyOf(contact.id));
  }

  #forget(place: number): void {
    this.#losses.delete((this.#contacts[place] as Contact).id.hex);
    this.#contacts = this.#contacts.toSpliced(place, 1);
    this.#keys = this.#keys.toSpliced(place, 1);
  }

  #heardMs(id: Id): number {
    return this.#context.peers.get(id)?.lastHeardMs ?? Number.NEGATIVE_INFINITY;
  }

  #changed(): void {
    const dueMs = Math.max(this.#context.now.monoMs + announceMsMin, this.#announcedMs + announceEveryMs);
    this.#deadline ??= this.#context.deadlines.set({ kind: 'remembered' }, dueMs);
  }
}

/** The sector, and before it some bits that two ids hardly ever share: small enough for an integer that needs no place of its own. */
function keyOf(id: Id): number {
  return id.hash * sectors + Math.floor(id.top / sectorTops);
}
