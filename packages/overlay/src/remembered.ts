import { type Contact, isSameContact } from './contact.ts';
import type { Context } from './context.ts';
import type { Deadline } from './deadlines.ts';
import type { Peer } from './peers.ts';

/** Sectors of the ring, by the top bits of the id, over which the contacts are spread. */
const sectors = 64;
const sectorTops = 2 ** 48 / sectors;
/** So many of the contacts may be of nodes that fell silent: after a partition they are the only way to the other side. */
const lostShare = 1 / 4;
/** Pause before a contact that did not answer is tried again, doubled each time. */
const retryMsMin = 60_000;
const retryMsMax = 60 * 60_000;
/** The driver is told of changes soon, but seldom. */
const announceMsMin = 1_000;
const announceEveryMs = 5_000;

interface Entry {
  contact: Contact;
  failures: number;
  retryMs: number;
}

/** Contacts for a rejoin and for finding other rings of the network: the live ones spread over the ring, and some lost ones. */
export class Remembered {
  readonly #context: Context;
  readonly #entries: Map<string, Entry> = new Map();
  #deadline: Deadline | undefined;
  #announcedMs: number = Number.NEGATIVE_INFINITY;

  constructor(context: Context, contacts: readonly Contact[]) {
    this.#context = context;
    this.adopt(contacts);
  }

  get size(): number {
    return this.#entries.size;
  }

  contacts(): readonly Contact[] {
    return [...this.#entries.values()].map((entry) => entry.contact);
  }

  /** Takes over contacts that somebody else has remembered; of too many some from everywhere in the list. */
  adopt(contacts: readonly Contact[]): void {
    const { rememberedMax } = this.#context.config;
    const step = Math.max(1, contacts.length / rememberedMax);
    for (let at = 0; at < contacts.length && this.#entries.size < rememberedMax; at += step) {
      const contact = contacts[Math.floor(at)] as Contact;
      if (contact.role !== 'full' || this.#context.isSelf(contact.id)) continue;
      this.#entries.set(contact.id.hex, { contact, failures: 0, retryMs: 0 });
    }
  }

  /** An active node spoke for itself. Once there are enough, only one that is new to the routing table takes the place of another. */
  note(peer: Peer, isNewlyTabled: boolean): void {
    const { contact } = peer;
    if (peer.isNoted && !isNewlyTabled) return;
    peer.isNoted = true;
    const known = this.#entries.get(contact.id.hex);
    if (known !== undefined) {
      known.failures = 0;
      known.retryMs = 0;
      if (!isSameContact(known.contact, contact)) this.#changed();
      known.contact = contact;
      return;
    }
    if (!isNewlyTabled && this.#entries.size >= this.#context.config.rememberedMax) return;
    this.#entries.set(contact.id.hex, { contact, failures: 0, retryMs: 0 });
    if (this.#entries.size > this.#context.config.rememberedMax) this.#forgetWorst();
    if (this.#entries.has(contact.id.hex)) this.#changed();
  }

  /** The node does not answer any more. It is kept for a while among the lost. */
  lost(peer: Peer): void {
    peer.isNoted = false;
    const entry = this.#entries.get(peer.id.hex);
    if (entry === undefined) return;
    entry.failures++;
    entry.retryMs = this.#context.now.monoMs + this.#context.jittered(Math.min(retryMsMax, retryMsMin * 2 ** (entry.failures - 1)));
    const lost = [...this.#entries.values()].filter((other) => other.failures > 0);
    if (lost.length <= this.#context.config.rememberedMax * lostShare) return;
    const worst = lost.reduce((a, b) =>
      b.failures > a.failures || (b.failures === a.failures && this.#heardMs(b) < this.#heardMs(a)) ? b : a,
    );
    this.#entries.delete(worst.contact.id.hex);
    this.#changed();
  }

  /** A random contact whose turn it is. */
  pick(): Contact | undefined {
    const { monoMs } = this.#context.now;
    return this.#context.pick([...this.#entries.values()].filter((entry) => entry.retryMs <= monoMs))?.contact;
  }

  onTimer(): void {
    this.#deadline = undefined;
    this.#announcedMs = this.#context.now.monoMs;
    this.#context.emit({ type: 'rememberedChanged' });
  }

  /** Of the most crowded sector the one heard from least recently. */
  #forgetWorst(): void {
    const bySector = Map.groupBy(this.#entries.values(), (entry) => Math.floor(entry.contact.id.top / sectorTops));
    let crowded: readonly Entry[] = [];
    for (const entries of bySector.values()) if (entries.length > crowded.length) crowded = entries;
    const worst = crowded.reduce((a, b) => (this.#heardMs(b) < this.#heardMs(a) ? b : a));
    this.#entries.delete(worst.contact.id.hex);
  }

  #heardMs(entry: Entry): number {
    return this.#context.peers.get(entry.contact.id)?.lastHeardMs ?? Number.NEGATIVE_INFINITY;
  }

  #changed(): void {
    const dueMs = Math.max(this.#context.now.monoMs + announceMsMin, this.#announcedMs + announceEveryMs);
    this.#deadline ??= this.#context.deadlines.set({ kind: 'remembered' }, dueMs);
  }
}
