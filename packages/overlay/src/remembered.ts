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
  readonly #contacts: Map<string, Contact> = new Map();
  /** Those of them that did not answer last time. */
  readonly #losses: SparseMap<string, Loss> = new SparseMap();
  #deadline: Deadline | undefined;
  #announcedMs: number = Number.NEGATIVE_INFINITY;

  constructor(context: Context, contacts: readonly Contact[]) {
    this.#context = context;
    this.adopt(contacts);
  }

  get size(): number {
    return this.#contacts.size;
  }

  contacts(): readonly Contact[] {
    return [...this.#contacts.values()];
  }

  /** Takes over contacts that somebody else has remembered; of too many some from everywhere in the list. */
  adopt(contacts: readonly Contact[]): void {
    const { rememberedMax } = this.#context.config;
    const step = Math.max(1, contacts.length / rememberedMax);
    for (let at = 0; at < contacts.length && this.#contacts.size < rememberedMax; at += step) {
      const contact = contacts[Math.floor(at)] as Contact;
      if (contact.role === 'full' && !this.#context.isSelf(contact.id)) this.#contacts.set(contact.id.hex, contact);
    }
  }

  /** An active node spoke for itself. Once there are enough, only one that is new to the routing table takes the place of another. */
  note(peer: Peer, isNewlyTabled: boolean): void {
    const { contact } = peer;
    if (peer.isNoted && !isNewlyTabled) return;
    peer.isNoted = true;
    const { hex } = contact.id;
    const known = this.#contacts.get(hex);
    const { rememberedMax } = this.#context.config;
    if (known === undefined && !isNewlyTabled && this.#contacts.size >= rememberedMax) return;
    this.#contacts.set(hex, contact);
    this.#losses.delete(hex);
    if (this.#contacts.size > rememberedMax) this.#forgetWorst();
    if (known === undefined ? this.#contacts.has(hex) : !isSameContact(known, contact)) this.#changed();
  }

  /** The node does not answer any more. It is kept for a while among the lost. */
  lost(peer: Peer): void {
    peer.isNoted = false;
    const { hex } = peer.id;
    if (!this.#contacts.has(hex)) return;
    const known = this.#losses.get(hex);
    // One silence is noticed in several ways: by a verdict, by dials that fail.
    if (known !== undefined && this.#context.now.monoMs < known.retryMs) return;
    const failures = (known?.failures ?? 0) + 1;
    const retryMs = this.#context.now.monoMs + this.#context.jittered(Math.min(retryMsMax, retryMsMin * 2 ** (failures - 1)));
    this.#losses.set(hex, { failures, retryMs });
    if (this.#losses.size <= this.#context.config.rememberedMax * lostShare) return;
    this.#forget(this.#worstLoss());
    this.#changed();
  }

  /** A random contact whose turn it is. */
  pick(): Contact | undefined {
    const { monoMs } = this.#context.now;
    const isDue = (contact: Contact): boolean => (this.#losses.get(contact.id.hex)?.retryMs ?? 0) <= monoMs;
    return this.#context.pick(this.contacts().filter(isDue));
  }

  onTimer(): void {
    this.#deadline = undefined;
    this.#announcedMs = this.#context.now.monoMs;
    this.#context.emit({ type: 'rememberedChanged' });
  }

  #worstLoss(): string {
    const [[worst] = ['']] = [...this.#losses].sort(
      ([a, { failures: more }], [b, { failures: fewer }]) => fewer - more || this.#heardMs(a) - this.#heardMs(b),
    );
    return worst;
  }

  /** Of the most crowded sector the one heard from least recently. */
  #forgetWorst(): void {
    const counts = new Uint8Array(sectors);
    for (const { id } of this.#contacts.values()) counts[sectorOf(id)] = (counts[sectorOf(id)] as number) + 1;
    let crowded = 0;
    for (let sector = 1; sector < sectors; sector++) if ((counts[sector] as number) > (counts[crowded] as number)) crowded = sector;
    let worst: string | undefined;
    for (const [hex, { id }] of this.#contacts) {
      if (sectorOf(id) === crowded && (worst === undefined || this.#heardMs(hex) < this.#heardMs(worst))) worst = hex;
    }
    if (worst !== undefined) this.#forget(worst);
  }

  #forget(hex: string): void {
    this.#contacts.delete(hex);
    this.#losses.delete(hex);
  }

  #heardMs(hex: string): number {
    const contact = this.#contacts.get(hex);
    return (contact && this.#context.peers.get(contact.id)?.lastHeardMs) ?? Number.NEGATIVE_INFINITY;
  }

  #changed(): void {
    const dueMs = Math.max(this.#context.now.monoMs + announceMsMin, this.#announcedMs + announceEveryMs);
    this.#deadline ??= this.#context.deadlines.set({ kind: 'remembered' }, dueMs);
  }
}

function sectorOf(id: Id): number {
  return Math.floor(id.top / sectorTops);
}
