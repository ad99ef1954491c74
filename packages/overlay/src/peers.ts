import { type Contact, supersedes } from './contact.ts';
import type { Id } from './id.ts';
import type { NodeStatus } from './messages.ts';

/** Peers kept at most besides those that a connection, the leaf set or the routing table holds on to. */
const strangersMax = 128;
/** Weights of a new sample in the smoothed round-trip time and its deviation (Jacobson 1988, as in RFC 6298). */
const meanWeight = 1 / 8;
const deviationWeight = 1 / 4;
const deviations = 4;

/** What came of talking with a peer. Times are monotone milliseconds. */
interface Dealings {
  connectedMs: number;
  lastHeardMs: number;
  lastSentMs: number;
  listedMs: number;
  rttMeanMs: number;
  rttDeviationMs: number;
}

const none: Dealings = {
  connectedMs: Number.NEGATIVE_INFINITY,
  lastHeardMs: Number.NEGATIVE_INFINITY,
  lastSentMs: Number.NEGATIVE_INFINITY,
  listedMs: Number.NEGATIVE_INFINITY,
  rttMeanMs: -1,
  rttDeviationMs: 0,
};

/** What this node knows of one peer. */
export class Peer {
  contact: Contact;
  /** As the peer itself said; absent while it has not. */
  status: NodeStatus | undefined;
  connected = false;
  /** Only others reach it: still a member, never used as a hop. */
  relayed = false;
  /** A hop acknowledgement or a heartbeat was missed. Taken back by any byte from the peer. */
  suspected = false;
  /** Whether the leaf set and the routing table hold on to it. Kept by them. */
  isLeaf = false;
  isTabled = false;
  /** The contact that the remembered ones were last told of. Kept by them. */
  notedAs: Contact | undefined;
  /** Let in between two neighbours that have made room for it, and active as soon as it hears so. Kept by the admission. */
  isAdmitted = false;
  /** Whether a verification of it is under way. Kept by that. */
  isQuestioned = false;

  /** Most peers are only names in the routing table: they all share the dealings of those who had none. */
  #dealings: Dealings = none;

  constructor(contact: Contact) {
    this.contact = contact;
  }

  onConnected(nowMs: number): void {
    this.connected = true;
    this.#own().connectedMs = nowMs;
  }

  get lastHeardMs(): number {
    return this.#dealings.lastHeardMs;
  }

  set lastHeardMs(ms: number) {
    this.#own().lastHeardMs = ms;
  }

  get lastSentMs(): number {
    return this.#dealings.lastSentMs;
  }

  set lastSentMs(ms: number) {
    this.#own().lastSentMs = ms;
  }

  /** When its whole leaf set came last. */
  get listedMs(): number {
    return this.#dealings.listedMs;
  }

  set listedMs(ms: number) {
    this.#own().listedMs = ms;
  }

  /** Smoothed round-trip time; −1 before the first sample. */
  get rttMeanMs(): number {
    return this.#dealings.rttMeanMs;
  }

  get id(): Id {
    return this.contact.id;
  }

  /** Counts in replica sets: were a node that is let in not to count before it says so, keys would have two roots meanwhile. */
  get isCounted(): boolean {
    return this.isActive || this.isAdmitted;
  }

  /** Said that it is active, and may be. */
  get isActive(): boolean {
    return this.status === 'active' && this.contact.role === 'full';
  }

  /** Has a place on the ring: active, or on its way out and still there. */
  get isOnRing(): boolean {
    return (this.status === 'active' || this.status === 'leaving') && this.contact.role === 'full';
  }

  /** An answer to what was sent at `sentMs`. It is no sample when a dial lay in between: that takes many round trips. */
  answered(sentMs: number, nowMs: number): void {
    if (sentMs >= this.#dealings.connectedMs) this.measured(nowMs - sentMs);
  }

  measured(rttMs: number): void {
    const own = this.#own();
    if (own.rttMeanMs < 0) {
      own.rttMeanMs = rttMs;
      own.rttDeviationMs = rttMs / 2;
      return;
    }
    const error = rttMs - own.rttMeanMs;
    own.rttMeanMs += error * meanWeight;
    own.rttDeviationMs += (Math.abs(error) - own.rttDeviationMs) * deviationWeight;
  }

  /** Mean plus four deviations, within the limits; `unknownMs` before the first sample. */
  timeoutMs(minMs: number, maxMs: number, unknownMs: number): number {
    const { rttMeanMs, rttDeviationMs } = this.#dealings;
    if (rttMeanMs < 0) return unknownMs;
    return Math.min(maxMs, Math.max(minMs, rttMeanMs + deviations * rttDeviationMs));
  }

  #own(): Dealings {
    if (this.#dealings === none) this.#dealings = { ...none };
    return this.#dealings;
  }
}

/** The peers by id. Bounded: those that nothing holds on to are forgotten, oldest first. */
export class Peers {
  readonly #byHex: Map<string, Peer> = new Map();
  readonly #connected: Peer[] = [];
  /** When the map has grown to this, it is looked through for peers that can go. */
  #sweepAt: number = 2 * strangersMax;

  /** The peers to which there is a connection. */
  get connected(): readonly Peer[] {
    return this.#connected;
  }

  get size(): number {
    return this.#byHex.size;
  }

  get(id: Id): Peer | undefined {
    return this.#byHex.get(id.hex);
  }

  values(): IterableIterator<Peer> {
    return this.#byHex.values();
  }

  /** The peer of this contact, made when unknown. A newer contact replaces the known one; an older one is ignored. */
  meet(contact: Contact): Peer {
    const known = this.#byHex.get(contact.id.hex);
    if (known === undefined) return this.#add(contact);
    if (supersedes(contact, known.contact)) replaceContact(known, contact);
    return known;
  }

  #add(contact: Contact): Peer {
    if (this.#byHex.size >= this.#sweepAt) this.#sweep();
    const peer = new Peer(contact);
    this.#byHex.set(contact.id.hex, peer);
    return peer;
  }

  onConnected(peer: Peer, nowMs: number): void {
    if (peer.connected) return;
    peer.onConnected(nowMs);
    this.#connected.push(peer);
  }

  onDisconnected(peer: Peer): void {
    if (!peer.connected) return;
    peer.connected = false;
    this.#connected.splice(this.#connected.indexOf(peer), 1);
  }

  /** Forgets the older ones of those that nothing holds on to. The next sweep comes after as many additions as this one leaves. */
  #sweep(): void {
    const strangers = [...this.#byHex].filter(([, peer]) => !peer.isLeaf && !peer.isTabled && !peer.isQuestioned && !peer.connected);
    for (const [hex] of strangers.slice(0, -strangersMax)) this.#byHex.delete(hex);
    this.#sweepAt = this.#byHex.size + strangersMax;
  }
}

/** A new life of the node begins with nothing known of it but its address. */
function replaceContact(peer: Peer, contact: Contact): void {
  if (contact.incarnation > peer.contact.incarnation) {
    peer.status = undefined;
    peer.relayed = false;
    peer.suspected = false;
  }
  peer.contact = contact;
}
