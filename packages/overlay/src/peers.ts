import { type Contact, supersedes } from './contact.ts';
import { Dealings, dealing, never, rowOfNone } from './dealings.ts';
import type { Id } from './id.ts';
import type { MemberName } from './member-name.ts';
import type { NodeStatus } from './messages.ts';
import { PeerIndex } from './peer-index.ts';

/** Peers kept at most besides those that a connection, the leaf set or the routing table holds on to. */
const strangersMax = 64;
/** Weights of a new sample in the smoothed round-trip time and its deviation (Jacobson 1988, as in RFC 6298). */
const meanWeight = 1 / 8;
const deviationWeight = 1 / 4;
const deviations = 4;

/** What is true of a peer, as bits of one number. The status takes two. */
const flag = {
  connected: 1,
  relayed: 2,
  suspected: 4,
  isLeaf: 8,
  isTabled: 16,
  isNoted: 32,
  isAdmitted: 64,
  isQuestioned: 128,
} as const;
const statusShift = 8;
const statusMask = 3 << statusShift;
/** Above those, the row of its dealings. */
const rowShift = 10;
const flagsMask = (1 << rowShift) - 1;
const statuses: readonly (NodeStatus | undefined)[] = [undefined, 'joining', 'active', 'leaving'];

/**
 * What this node knows of one peer. There are hundreds of them in a node and most are only names in the routing table, so each is
 * three words: its contact, its flags with the row of its dealings, and where those of all peers are.
 */
export class Peer {
  contact: Contact;
  #flags = 0;
  #dealings: Dealings;

  constructor(contact: Contact, dealings: Dealings = new Dealings()) {
    this.contact = contact;
    this.#dealings = dealings;
  }

  /** As the peer itself said; absent while it has not. */
  get status(): NodeStatus | undefined {
    return statuses[(this.#flags & statusMask) >> statusShift];
  }

  set status(status: NodeStatus | undefined) {
    this.#flags = (this.#flags & ~statusMask) | (statuses.indexOf(status) << statusShift);
  }

  get connected(): boolean {
    return (this.#flags & flag.connected) !== 0;
  }

  set connected(value: boolean) {
    Peer.#set(this, flag.connected, value);
  }

  /** Only others reach it: still a member, never used as a hop. */
  get relayed(): boolean {
    return (this.#flags & flag.relayed) !== 0;
  }

  set relayed(value: boolean) {
    Peer.#set(this, flag.relayed, value);
  }

  /** A hop acknowledgement or a heartbeat was missed. Taken back by any byte from the peer. */
  get suspected(): boolean {
    return (this.#flags & flag.suspected) !== 0;
  }

  set suspected(value: boolean) {
    Peer.#set(this, flag.suspected, value);
  }

  /** Whether the leaf set holds on to it. Kept by that. */
  get isLeaf(): boolean {
    return (this.#flags & flag.isLeaf) !== 0;
  }

  set isLeaf(value: boolean) {
    Peer.#set(this, flag.isLeaf, value);
  }

  /** Whether the routing table holds on to it. Kept by that. */
  get isTabled(): boolean {
    return (this.#flags & flag.isTabled) !== 0;
  }

  set isTabled(value: boolean) {
    Peer.#set(this, flag.isTabled, value);
  }

  /** Whether the remembered ones were told of it since its contact changed. Kept by them. */
  get isNoted(): boolean {
    return (this.#flags & flag.isNoted) !== 0;
  }

  set isNoted(value: boolean) {
    Peer.#set(this, flag.isNoted, value);
  }

  /** Let in between two neighbours that have made room for it, and active as soon as it hears so. Kept by the admission. */
  get isAdmitted(): boolean {
    return (this.#flags & flag.isAdmitted) !== 0;
  }

  set isAdmitted(value: boolean) {
    Peer.#set(this, flag.isAdmitted, value);
  }

  /** Whether a verification of it is under way. Kept by that. */
  get isQuestioned(): boolean {
    return (this.#flags & flag.isQuestioned) !== 0;
  }

  set isQuestioned(value: boolean) {
    Peer.#set(this, flag.isQuestioned, value);
  }

  /** Whether anything but the last sweep's mercy keeps it: the leaf set, the routing table, a question, a connection. */
  get isHeld(): boolean {
    return (this.#flags & (flag.isLeaf | flag.isTabled | flag.isQuestioned | flag.connected)) !== 0;
  }

  onConnected(nowMs: number): void {
    this.connected = true;
    Peer.#write(this, dealing.connectedMs, nowMs);
  }

  get connectedMs(): number {
    return Peer.#read(this, dealing.connectedMs);
  }

  get lastHeardMs(): number {
    return Peer.#read(this, dealing.lastHeardMs);
  }

  set lastHeardMs(ms: number) {
    Peer.#write(this, dealing.lastHeardMs, ms);
  }

  get lastSentMs(): number {
    return Peer.#read(this, dealing.lastSentMs);
  }

  set lastSentMs(ms: number) {
    Peer.#write(this, dealing.lastSentMs, ms);
  }

  /** When its whole leaf set came last. */
  get listedMs(): number {
    return Peer.#read(this, dealing.listedMs);
  }

  set listedMs(ms: number) {
    Peer.#write(this, dealing.listedMs, ms);
  }

  /** When it was alive last, as far as is known: heard, or listed by a neighbour that watches it. */
  get seenMs(): number {
    return Math.max(this.lastHeardMs, Peer.#read(this, dealing.vouchedMs));
  }

  /** A neighbour of it has listed it among its members. */
  vouched(nowMs: number): void {
    Peer.#write(this, dealing.vouchedMs, nowMs);
  }

  /** The heartbeat period that it promised last; 0 before it did. */
  get heartbeatMs(): number {
    return Peer.#read(this, dealing.heartbeatMs);
  }

  set heartbeatMs(ms: number) {
    Peer.#write(this, dealing.heartbeatMs, ms);
  }

  /** Smoothed round-trip time; −1 before the first sample. */
  get rttMeanMs(): number {
    return Peer.#read(this, dealing.rttMeanMs);
  }

  /** The same, absent before the first sample. */
  get rttMs(): number | undefined {
    return this.rttMeanMs < 0 ? undefined : this.rttMeanMs;
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
    if (sentMs >= this.connectedMs) this.measured(nowMs - sentMs);
  }

  measured(rttMs: number): void {
    const meanMs = this.rttMeanMs;
    const deviationMs = Peer.#read(this, dealing.rttDeviationMs);
    const error = rttMs - meanMs;
    Peer.#write(this, dealing.rttMeanMs, meanMs < 0 ? rttMs : meanMs + error * meanWeight);
    Peer.#write(this, dealing.rttDeviationMs, meanMs < 0 ? rttMs / 2 : deviationMs + (Math.abs(error) - deviationMs) * deviationWeight);
  }

  /** Mean plus four deviations, within the limits; `unknownMs` before the first sample. */
  timeoutMs(minMs: number, maxMs: number, unknownMs: number): number {
    const meanMs = this.rttMeanMs;
    if (meanMs < 0) return unknownMs;
    return Math.min(maxMs, Math.max(minMs, meanMs + deviations * Peer.#read(this, dealing.rttDeviationMs)));
  }

  /** A new life of the node begins with nothing known of it but its address. */
  replaceContact(contact: Contact): void {
    if (contact.incarnation > this.contact.incarnation) {
      this.status = undefined;
      this.relayed = false;
      this.suspected = false;
      if (this.#flags >> rowShift !== rowOfNone) {
        this.lastHeardMs = never;
        this.vouched(never);
      }
    }
    this.contact = contact;
    this.isNoted = false;
  }

  /** From now on its dealings are there, as they are. */
  moveDealings(to: Dealings): void {
    const row = this.#flags >> rowShift;
    if (row !== rowOfNone) this.#flags = (this.#flags & flagsMask) | (to.addRowOf(this.#dealings, row) << rowShift);
    this.#dealings = to;
  }

  // Static, because a private method takes a word in every peer.
  static #set(peer: Peer, bit: number, value: boolean): void {
    peer.#flags = value ? peer.#flags | bit : peer.#flags & ~bit;
  }

  static #read(peer: Peer, column: number): number {
    return peer.#dealings.read(peer.#flags >> rowShift, column);
  }

  static #write(peer: Peer, column: number, value: number): void {
    if (peer.#flags >> rowShift === rowOfNone) peer.#flags |= peer.#dealings.addRow() << rowShift;
    peer.#dealings.write(peer.#flags >> rowShift, column, value);
  }
}

/** The peers by id. Bounded: those that nothing holds on to are forgotten, oldest first. */
export class Peers {
  #index: PeerIndex = new PeerIndex();
  #dealings: Dealings = new Dealings();
  readonly #connected: Peer[] = [];
  /** When there are so many of them, they are looked through for some that can go. */
  #sweepAt: number = 2 * strangersMax;

  /** The peers to which there is a connection. */
  get connected(): readonly Peer[] {
    return this.#connected;
  }

  get size(): number {
    return this.#index.size;
  }

  get(id: Id): Peer | undefined {
    return this.#index.get(id);
  }

  /** The one whose contact has this name. */
  named(name: MemberName): Peer | undefined {
    return this.#index.named(name);
  }

  /** In the order in which they were met. */
  values(): readonly Peer[] {
    return this.#index.all();
  }

  /** The peer of this contact, made when unknown. A newer contact replaces the known one; an older one is ignored. */
  meet(contact: Contact): Peer {
    const known = this.#index.get(contact.id);
    if (known === undefined) return this.#add(contact);
    if (supersedes(contact, known.contact)) known.replaceContact(contact);
    return known;
  }

  /** The first accepted peer of these contacts, and the contacts of those accepted after it. */
  chooseFrom(contacts: readonly Contact[], accepts: (peer: Peer) => boolean): { first: Peer | undefined; others: readonly Contact[] } {
    const [first, ...others] = contacts.map((contact) => this.meet(contact)).filter(accepts);
    return { first, others: others.map(({ contact }) => contact) };
  }

  #add(contact: Contact): Peer {
    if (this.size >= this.#sweepAt) this.#sweep();
    const peer = new Peer(contact, this.#dealings);
    this.#index.add(peer);
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
    let surplus = -strangersMax;
    for (const peer of this.values()) if (!peer.isHeld) surplus++;
    const kept = new PeerIndex();
    for (const peer of this.values()) if (peer.isHeld || surplus-- <= 0) kept.add(peer);
    this.#index = kept;
    this.#dealings = new Dealings();
    for (const peer of this.values()) peer.moveDealings(this.#dealings);
    this.#sweepAt = this.size + strangersMax;
  }
}
