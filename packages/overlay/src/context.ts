import type { OverlayConfig } from './config.ts';
import type { Contact } from './contact.ts';
import { type Deadline, Deadlines, type Timer } from './deadlines.ts';
import { FailedSet } from './failed-set.ts';
import type { Id } from './id.ts';
import type { Now, OverlayEvent, OverlayOutput, Random } from './io.ts';
import { LeafSet } from './leaf-set.ts';
import { LocalHealth } from './local-health.ts';
import type { NodeStatus, OverlayMessage, RequestId } from './messages.ts';
import { Peer, Peers } from './peers.ts';
import { RoutingTable } from './routing-table.ts';
import { Tuning } from './tuning.ts';

/** Hop acknowledgements are awaited at least this long: a busy event loop or a garbage collection is no failure. */
const hopAckMsMin = 200;
/** Before any round-trip time to the peer is known (RFC 6298). */
const rtoMsInitial = 1000;
const nothing: readonly OverlayOutput[] = [];
/** So much of a leaf set fails within this time only when something has happened to many nodes at once. */
const crumblingShare = 1 / 4;
const crumblingMs = 10_000;
/** The network counts as larger than the whole table only by so much: its size is known to a fifth, from the density of 32 members. */
const sizeSlack = 1.25;

/** What a node starts with. */
export interface OverlayInit {
  readonly self: Contact;
  readonly config: OverlayConfig;
  readonly random: Random;
  /** Was this node active in an earlier life: then it may seed the ring of a cold start. */
  readonly previouslyActive: boolean;
  /** Contacts of earlier lives. */
  readonly remembered: readonly Contact[];
}

/** What the parts of one overlay share: who and when they are, what they know, and the way out. */
export class Context {
  readonly config: OverlayConfig;
  readonly random: Random;
  /** This node among the others, so that lists of nodes need no special case. */
  readonly selfPeer: Peer;
  readonly peers: Peers = new Peers();
  readonly leafSet: LeafSet;
  readonly table: RoutingTable;
  readonly failed: FailedSet;
  readonly deadlines: Deadlines = new Deadlines();
  readonly health: LocalHealth;
  readonly tuning: Tuning;
  now: Now = { monoMs: 0, wallMs: 0 };
  previouslyActive: boolean;
  #outputs: OverlayOutput[] | undefined;
  #counter = 0;

  constructor(init: OverlayInit) {
    this.config = init.config;
    this.random = init.random;
    this.previouslyActive = init.previouslyActive;
    this.selfPeer = new Peer(init.self);
    this.selfPeer.status = 'joining';
    this.leafSet = new LeafSet(this.selfPeer, init.config.leafSetSize);
    this.table = new RoutingTable(init.self.id, init.config.cellSize, init.config.tableContactsMax);
    this.failed = new FailedSet(init.config.failedExpiryMs, init.config.tableEntriesMax);
    this.health = new LocalHealth(init.config.healthFactorMax);
    this.tuning = new Tuning(init.config);
  }

  get self(): Contact {
    return this.selfPeer.contact;
  }

  get status(): NodeStatus {
    return this.selfPeer.status ?? 'joining';
  }

  /** The period in which this node promises a sign of life to whoever watches it. */
  get heartbeatMs(): number {
    return this.tuning.heartbeatMs(this.now.monoMs, this.leafSet.size);
  }

  /** So long a node lives, by the failures seen. */
  get livesMs(): number {
    return 1 / this.tuning.failures.perMs(this.now.monoMs, this.leafSet.size);
  }

  /** Sets the status of a peer or of this node (`selfPeer`). */
  changeStatus(peer: Peer, status: NodeStatus): void {
    peer.status = status;
    this.leafSet.touch();
  }

  /** Whether this node routes and roots for others. */
  get isServing(): boolean {
    return this.selfPeer.isActive;
  }

  /** Whether this node has a place on the ring: it lets joiners in even while it hands over. */
  get isOnRing(): boolean {
    return this.selfPeer.isOnRing;
  }

  send(peer: Peer, message: OverlayMessage): void {
    peer.lastSentMs = this.now.monoMs;
    this.output({ type: 'send', to: peer.contact, message });
  }

  output(output: OverlayOutput): void {
    if (this.#outputs === undefined) this.#outputs = [output];
    else this.#outputs.push(output);
  }

  emit(event: OverlayEvent): void {
    this.output({ type: 'event', event });
  }

  takeOutputs(): readonly OverlayOutput[] {
    const outputs = this.#outputs ?? nothing;
    this.#outputs = undefined;
    return outputs;
  }

  /** Sets a timer that comes in `delayMs`. */
  after(delayMs: number, timer: Timer): Deadline {
    return this.deadlines.set(timer, this.now.monoMs + delayMs);
  }

  /** `ms` ± a quarter, so that nodes do not act in step. */
  jittered(ms: number): number {
    return ms * (0.75 + this.random.next() / 2);
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.random.next() * items.length)];
  }

  /** All of them, from a random one on. */
  rotated<T>(items: readonly T[]): readonly T[] {
    const first = Math.floor(this.random.next() * items.length);
    return [...items.slice(first), ...items.slice(0, first)];
  }

  /** A number that this life of the node has not used before. */
  nextCounter(): number {
    this.#counter++;
    return this.#counter;
  }

  nextRequest(): RequestId {
    return { origin: this.self.id, incarnation: this.self.incarnation, counter: this.nextCounter() };
  }

  isSelf(id: Id): boolean {
    return id.equals(this.self.id);
  }

  /** Whether so many members failed a moment ago that of those which others name, as many may be dead. */
  get isCrumbling(): boolean {
    return this.tuning.failures.countSince(this.now.monoMs - crumblingMs) >= this.config.leafSetSize * crumblingShare;
  }

  isFailed(contact: Contact): boolean {
    return this.failed.hasContact(contact, this.now.monoMs);
  }

  /** Whether the peer can be a hop: reachable as far as is known, and of the routing kind. */
  isUsable(peer: Peer): boolean {
    if (peer.suspected || peer.relayed || peer.contact.role !== 'full') return false;
    return !this.isFailed(peer.contact);
  }

  /** Whether a request may be handed to the peer. One that is just joining routes only if it was let in already. */
  isHop(peer: Peer): boolean {
    if (peer.status === 'leaving' || (peer.status === 'joining' && !peer.isLeaf)) return false;
    return this.isUsable(peer);
  }

  /**
   * Members that this node reaches and in whose leaf sets the target is as well. Those without a connection are left out when there are
   * `count` with one.
   */
  commonNeighbours(target: Peer, count: number, accepts: (peer: Peer) => boolean = () => true): readonly Peer[] {
    const { leafSet } = this;
    const isFit = (peer: Peer): boolean =>
      peer !== target && peer.isActive && this.isUsable(peer) && accepts(peer) && leafSet.areNeighbours(peer, target);
    const connected = leafSet.members.filter((peer) => peer.connected && isFit(peer));
    return connected.length >= count ? connected : leafSet.members.filter(isFit);
  }

  /** Somebody names a node: the routing table may use it without having asked it. */
  learn(contact: Contact): void {
    if (contact.role !== 'full' || this.isSelf(contact.id) || this.isFailed(contact)) return;
    if (!this.table.hasRoomFor(contact.id)) return;
    const peer = this.peers.meet(contact);
    if (!peer.isTabled) this.table.insert(peer);
  }

  /** Whether the network may be so small that the routing table takes nearly all of it, with slack for the error of its estimated size as well. */
  get isRingInTable(): boolean {
    return this.leafSet.estimatedSize() <= sizeSlack * sizeSlack * this.config.tableContactsMax;
  }

  /** The leaf set changed, and with it what is known of the network's size: the larger it is, the less is a contact more worth. */
  fitTable(): void {
    const { tableContactsMax, tableContactsMin } = this.config;
    const crowding = Math.max(1, this.leafSet.estimatedSize() / (sizeSlack * tableContactsMax));
    const contacts = Math.round(tableContactsMax / (crowding * crowding));
    this.table.limit(Math.max(tableContactsMin, contacts));
  }

  /**
   * How long to wait for the answer of a peer before it counts as missed. The patience of a node that is slow itself has an end too:
   * long round trips, measured under load, and times that factor, kept dead members for minutes.
   */
  rtoMs(peer: Peer): number {
    const { rtoMsMin, rtoMsMax } = this.config;
    return Math.min(rtoMsMax, peer.timeoutMs(rtoMsMin, rtoMsMax, Math.max(rtoMsMin, rtoMsInitial)) * this.health.factor);
  }

  /** How long to wait for a hop's acknowledgement: short, because to reroute costs little. */
  hopAckMs(peer: Peer): number {
    const { hopAckMsInitial, rtoMsMax } = this.config;
    const waitMs = peer.connected ? peer.timeoutMs(hopAckMsMin, rtoMsMax, hopAckMsInitial) : hopAckMsInitial;
    return Math.min(rtoMsMax, waitMs * this.health.factor);
  }
}
