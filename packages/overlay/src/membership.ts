import { Askers } from './askers.ts';
import type { Contact, NodeLife } from './contact.ts';
import type { Context } from './context.ts';
import type { Timer } from './deadlines.ts';
import type { Id } from './id.ts';
import { LeafSetExchange } from './leaf-set-exchange.ts';
import { LeafSetPush } from './leaf-set-push.ts';
import { LeafSetRepair } from './leaf-set-repair.ts';
import { type MemberName, NamedNodes, nameOf, placeOf, topOf } from './member-name.ts';
import type { FailedEntry, LeafSetMessage } from './messages.ts';
import { PacedTimer } from './paced-timer.ts';
import type { Peer } from './peers.ts';
import { SparseSet } from './sparse-set.ts';
import type { Verification, Verifications } from './verification.ts';

const leafSetExchangeTimer: Timer = { kind: 'leafSetExchange' };

/** A node that spoke for itself, or asked for this one, so recently needs no probe before it is taken in. */
const recentMs = 10_000;
/** Failures are verified by each who hears of them after up to this long, so that the target is not stormed. */
const announcedJitterMs = 200;
/** What gossip says against the verdict on a failed node is looked into so long after the verdict. */
const recheckMs = 10_000;
/** A leaf set that came so recently need not be asked for. */
const listedMs = 5_000;
/** After a join the far members are asked one by one; after this the leaf set counts as filled in any case. */
const fillingMs = 5_000;

/**
 * Who is in the leaf set, and how the neighbours learn of it. Nodes enter on direct evidence only; what others say about nodes
 * is a reason to ask those nodes. Changes are pushed outward from where they happened, and a full exchange with a random
 * member finds whatever the pushes missed.
 */
export class Membership {
  readonly #context: Context;
  readonly #verifications: Verifications;
  readonly push: LeafSetPush;
  readonly repair: LeafSetRepair;
  #added: Contact[] = [];
  #removed: Contact[] = [];
  #failed: Contact[] = [];
  #isDirty = false;
  #fillingUntilMs = 0;
  readonly exchange: LeafSetExchange;
  readonly #compare: PacedTimer;
  /** Up to this one own incarnations are known: this life, or a twin that was reported. */
  #twinIncarnation: number;
  /** New neighbours whose leaf set is not known yet. */
  readonly #strangers: SparseSet<Peer> = new SparseSet();
  readonly #askers: Askers = new Askers();

  constructor(context: Context, verifications: Verifications) {
    this.#context = context;
    this.#verifications = verifications;
    this.#twinIncarnation = context.self.incarnation;
    const { leafSetExchangeMs, leafSetExchangeMsMax } = context.config;
    this.#compare = new PacedTimer(context, leafSetExchangeTimer, leafSetExchangeMs, leafSetExchangeMsMax);
    this.exchange = new LeafSetExchange(context);
    this.push = new LeafSetPush(context, this.exchange);
    this.repair = new LeafSetRepair(context, this.exchange);
  }

  begin(): void {
    this.#fillingUntilMs = this.#context.now.monoMs + fillingMs;
    this.push.begin(this.#fillingUntilMs);
    this.#compare.begin();
  }

  /** Whether members are missing, after a join or after failures: a leaf set that seems to hold the whole ring may not. */
  get isFilling(): boolean {
    if (this.repair.isAfterLoss) return true;
    return this.#context.now.monoMs < this.#fillingUntilMs && this.#verifications.candidates > 0;
  }

  /** The peer spoke for itself: if it is active and belongs into the leaf set, it is in it from now on. */
  evidence(peer: Peer): void {
    const { leafSet } = this.#context;
    if (peer.isLeaf || !peer.isOnRing || this.#context.self.role !== 'full' || !leafSet.fits(peer.id)) return;
    if (this.#context.isFailed(peer.contact)) return;
    this.insert(peer);
  }

  /** Others reach it and this node does not: it is a member by their word. */
  vouched(peer: Peer): void {
    peer.relayed = true;
    peer.suspected = false;
    // A joiner, who has no witnesses to ask, may have taken it for dead.
    this.#context.failed.clear(peer.id);
    if (peer.status === undefined) this.#context.changeStatus(peer, 'active');
    this.evidence(peer);
  }

  /** Takes a node in, active or about to be. */
  insert(peer: Peer): void {
    const { leafSet } = this.#context;
    if (peer.isLeaf || !leafSet.fits(peer.id)) return;
    const pushedOut = leafSet.insert(peer);
    if (pushedOut === peer) return;
    this.#isDirty = true;
    this.#added.push(peer.contact);
    if (pushedOut !== undefined) this.#removed.push(pushedOut.contact);
    if (peer.isActive && !leafSet.isOutermost(peer)) this.push.came(peer.contact);
    if (leafSet.isNear(peer.id, this.#context.config.nearNeighbours)) this.#strangers.add(peer);
  }

  /** These are the members, by the word of who drives this node. */
  establish(members: readonly Contact[]): void {
    for (const contact of members) {
      const peer = this.meet(contact);
      peer.status = 'active';
      peer.lastHeardMs = this.#context.now.monoMs;
      this.#context.leafSet.insert(peer);
      this.#added.push(contact);
    }
    this.#isDirty = true;
  }

  /** What the peer says of itself. An active node does not become a joining one again within one life. */
  onStatus(peer: Peer, status: 'joining' | 'active' | 'leaving'): void {
    if (peer.status === status) return;
    const isMember = peer.isLeaf;
    if (status === 'joining' && peer.status !== undefined) return;
    this.#context.changeStatus(peer, status);
    if (status === 'joining') this.#context.table.remove(peer);
    if (!isMember) return;
    this.#isDirty = true;
    if (status === 'active') this.push.came(peer.contact);
  }

  /** The node is gone: it left, or its place was given up. */
  remove(peer: Peer): void {
    if (this.#context.leafSet.remove(peer.id) === undefined) return;
    this.#isDirty = true;
    this.#removed.push(peer.contact);
    this.repair.onLost(peer);
  }

  /** The verdict is that this life of the node is over. Whether it was a member. */
  fail(peer: Peer): boolean {
    const { monoMs } = this.#context.now;
    this.#context.failed.add(peer.id, peer.contact.incarnation, monoMs);
    this.#context.table.remove(peer);
    if (this.#context.leafSet.remove(peer.id) === undefined) return false;
    this.#isDirty = true;
    this.#failed.push(peer.contact);
    this.#removed.push(peer.contact);
    this.#context.tuning.failures.note(monoMs);
    this.push.failed(peer);
    this.repair.onLost(peer);
    return true;
  }

  /** While a node was being asked that did not live, its place was not offered to those beyond it. */
  onMissing(peer: Peer, { suspicion }: Verification): void {
    if (suspicion === 'candidate' && this.#context.isOnRing && this.#context.leafSet.fits(peer.id)) this.repair.onMissed(peer);
  }

  /** Others say that these nodes exist, `isNews`: that they came. Those that would fit are asked; the table may use them unasked. */
  consider(contacts: readonly Contact[], isNews: boolean = false): void {
    for (const contact of contacts) this.#considerOne(contact, isNews);
  }

  /**
   * A node asked for this one over the ring a moment ago. As it asks those whom it takes for its neighbours, they need not ask
   * it, but wait for the word of others that it is active. It is no sign of life: those on the way may have kept it, or lie.
   */
  onProbed(origin: NodeLife): void {
    this.#askers.note(origin, this.#context.now.monoMs);
  }

  onLeafSet(from: Peer, message: LeafSetMessage): void {
    if (message.purpose === 'ask') {
      this.exchange.sendList(from, 'list');
      return;
    }
    if (message.purpose === 'extend') {
      this.exchange.sendBehind(from, message.named);
      return;
    }
    const isList = message.purpose === 'list' || message.purpose === 'compare';
    if (isList) from.listedMs = this.#context.now.monoMs;
    this.push.onHeard(from, message);
    if (message.purpose === 'list') this.push.onArrival(from, message);
    this.consider(message.members, message.purpose === 'push');
    for (const entry of message.failed) this.#onAnnounced(entry, from);
    if (isList && message.status === 'active') this.#doubtUnlisted(from, message);
    // A neighbour has not heard of these members, though it should have, unless it is new here.
    const isNew = this.#context.now.monoMs - from.connectedMs < recentMs;
    const doubts = from.isLeaf && (!isNew || this.#context.isCrumbling);
    if (doubts) for (const member of this.exchange.membersOf(message.wanted)) this.#doubt(member);
    this.exchange.answer(from, message, this.#unknownOf(message.named));
  }

  /** A leaving node hands over; when done it is gone for good. */
  onLeaving(peer: Peer, done: boolean): void {
    this.onStatus(peer, 'leaving');
    if (!done) return;
    this.#context.failed.addForGood(peer.id, peer.contact.incarnation, this.#context.now.monoMs);
    this.#context.table.remove(peer);
    this.remove(peer);
  }

  onPushTimer(): void {
    this.push.onTimer((neighbour) => {
      const isStranger = this.#isStranger(neighbour);
      if (isStranger) this.exchange.sendList(neighbour, 'compare');
      return isStranger;
    });
    this.#strangers.clear();
  }

  /** This process was stopped for so long that others may have given it up. */
  onStall(): void {
    const { successor, predecessor } = this.#context.leafSet;
    for (const neighbour of new Set([successor, predecessor])) if (neighbour !== undefined) this.exchange.sendList(neighbour, 'compare');
  }

  /** One of each half: those of the other half know little of what lies at the end of this one. */
  onExchangeTimer(): void {
    this.#compare.next();
    const { clockwise, counterClockwise } = this.#context.leafSet;
    const partners = new Set<Peer>();
    for (const half of [clockwise, counterClockwise]) {
      const partner = this.#context.pick(half.filter((peer) => this.#isAskable(peer)));
      if (partner !== undefined) partners.add(partner);
    }
    for (const partner of partners) this.exchange.sendList(partner, 'compare');
  }

  /** Ends a step: what changed in it is told to storage and the driver as one event. Whether anything did. */
  flush(): boolean {
    if (!this.#isDirty) return false;
    this.#isDirty = false;
    // The others may know what this node does not.
    this.#compare.quicken();
    this.#context.emit({ type: 'leafSetChanged', added: this.#added, removed: this.#removed, failed: this.#failed });
    this.#added = [];
    this.#removed = [];
    this.#failed = [];
    return true;
  }

  /** In a ring that grows by joins a newcomer sends its leaf set unasked; one from another ring has to be asked. */
  #isStranger(peer: Peer): boolean {
    return this.#strangers.has(peer) && peer.isActive && this.#context.now.monoMs - peer.listedMs > listedMs;
  }

  #isAskable(peer: Peer): boolean {
    return peer.isActive && this.#context.isUsable(peer);
  }

  #considerOne(contact: Contact, isNews: boolean = false): void {
    const { leafSet, table } = this.#context;
    if (this.#context.isSelf(contact.id)) {
      this.#onOwnName(contact);
      return;
    }
    if (contact.role !== 'full' || (this.#context.isFailed(contact) && !this.#isWorthRecheck(contact, isNews))) return;
    const wanted = this.#context.self.role === 'full' && leafSet.fits(contact.id);
    if (!wanted && !table.hasRoomFor(contact.id)) return;
    const peer = this.meet(contact);
    if (!peer.isTabled && !this.#context.isFailed(contact)) table.insert(peer);
    // One that was let in and is said to be active, but has not said so here: this node may not reach it.
    const isUnheard = isNews && peer.isAdmitted;
    if (!wanted || (peer.isLeaf && !isUnheard) || peer.status === 'leaving') return;
    const sinceMs = this.#context.now.monoMs - Math.max(peer.lastHeardMs, this.#askers.askedMs(peer.contact));
    if (isUnheard && peer.relayed) this.vouched(peer);
    else if (peer.status !== 'joining' && sinceMs < recentMs) {
      this.#context.changeStatus(peer, 'active');
      this.insert(peer);
    } else this.#ask(peer);
  }

  /** A later life of this node can only be another process that has its key. */
  #onOwnName({ incarnation }: Contact): void {
    if (incarnation <= this.#twinIncarnation) return;
    this.#twinIncarnation = incarnation;
    this.#context.emit({ type: 'twin', incarnation });
  }

  /** That a node came which has just been given up is said by those who were wrong about it, too; that it exists, by all who know no better. */
  #isWorthRecheck(contact: Contact, isNews: boolean): boolean {
    const { monoMs } = this.#context.now;
    if (!this.#context.leafSet.fits(contact.id)) return false;
    if (!isNews && this.#context.failed.ageMs(contact.id, monoMs) < recheckMs) return false;
    this.#context.failed.add(contact.id, contact.incarnation, monoMs);
    return true;
  }

  /** The peer of a contact. A later life supersedes a member's earlier one at once. */
  meet(contact: Contact): Peer {
    const known = this.#context.peers.get(contact.id);
    if (known === undefined) return this.#context.peers.meet(contact);
    if (known.contact === contact) return known;
    if (contact.incarnation > known.contact.incarnation) this.#supersede(known);
    return this.#context.peers.meet(contact);
  }

  #supersede(earlier: Peer): void {
    this.#verifications.cancel(earlier);
    if (this.#context.leafSet.remove(earlier.id) === undefined) return;
    this.#isDirty = true;
    this.#failed.push(earlier.contact);
    this.#removed.push(earlier.contact);
  }

  /**
   * Near ones are asked directly, for they will be connected anyway; far ones over the ring. So are those directly that this node
   * takes for dead: after a partition the way over the ring leads to them last, when they are in everybody's leaf set again.
   */
  #ask(peer: Peer): void {
    const { leafSet, config } = this.#context;
    const isDirect = peer.connected || leafSet.isNear(peer.id, config.nearNeighbours) || this.#context.isFailed(peer.contact);
    this.#verifications.start(peer, 'candidate', { routed: !isDirect, delayMs: 0 });
  }

  #onAnnounced(entry: FailedEntry, from: Peer): void {
    if (entry.id.top === this.#context.self.id.top) {
      // To be heard from is all the proof that the other one needs.
      if (entry.incarnation === this.#context.self.incarnation) this.exchange.sendList(from, 'list');
      return;
    }
    const member = this.#context.leafSet.at(entry.id);
    if (member === undefined || member.contact.incarnation > entry.incarnation) return;
    if (member.lastHeardMs > this.#context.now.monoMs - entry.ageMs) return;
    this.push.announced(member, entry.ageMs);
    this.#verifications.start(member, 'announced', { routed: !member.connected, delayMs: this.#context.random.next() * announcedJitterMs });
  }

  /** A member between this node and the sender that the sender does not list is worth a question. */
  #doubtUnlisted(from: Peer, message: LeafSetMessage): void {
    if (!from.isLeaf) return;
    const listed = new NamedNodes(message.named);
    const { clockwise, counterClockwise } = this.#context.leafSet;
    for (const half of [clockwise, counterClockwise]) {
      const place = half.indexOf(from);
      for (const member of half.slice(0, Math.max(0, place))) if (!listed.has(member.id)) this.#doubt(member);
    }
  }

  #doubt(member: Peer): void {
    if (!member.isActive || this.#context.now.monoMs - member.lastHeardMs < recentMs) return;
    const delayMs = this.#context.random.next() * announcedJitterMs;
    this.#verifications.start(member, 'silent', { routed: !member.connected, delayMs });
  }

  /** The named nodes that would be members and whose contacts this node lacks; those that it knows are considered as if told whole. */
  #unknownOf(names: readonly MemberName[]): readonly MemberName[] {
    const { leafSet, self, peers } = this.#context;
    const near = names.filter((name) => !leafSet.isFarOff(topOf(name)));
    if (near.length === 0) return [];
    const members = new Set([self, ...leafSet.members.map((peer) => peer.contact)].map(nameOf));
    const fitting = near.filter((name) => !members.has(name) && leafSet.fits(placeOf(name)));
    if (fitting.length === 0) return [];
    const known = new Map<MemberName, Peer>();
    for (const name of fitting) {
      const peer = peers.named(name);
      if (peer !== undefined && leafSet.fits(peer.id)) known.set(name, peer);
    }
    const chosen = this.#chosenOf(fitting.filter((name) => known.get(name)?.isQuestioned !== true && !this.#isDead(name, known.get(name))));
    for (const name of chosen) {
      const peer = known.get(name);
      if (peer !== undefined) this.#considerOne(peer.contact);
    }
    return chosen.filter((name) => !known.has(name));
  }

  /**
   * While members are missing nearly everybody fits. Should one of those who would be members be dead, the next round of the repair
   * names others; but when many are, all that fit are needed to stand in for them.
   */
  #chosenOf(alive: readonly MemberName[]): readonly MemberName[] {
    const isFilling = this.#context.now.monoMs < this.#fillingUntilMs;
    return this.#context.isCrumbling && !isFilling ? alive : this.exchange.nearestOf(alive);
  }

  /** Whether this life of the node was found dead a moment ago. A name that the known peer does not have is that of another life. */
  #isDead(name: MemberName, peer: Peer | undefined): boolean {
    const { failed, now } = this.#context;
    if (peer !== undefined) return this.#context.isFailed(peer.contact) && failed.ageMs(peer.id, now.monoMs) < recheckMs;
    const place = placeOf(name);
    const isForgotten = (id: Id): boolean => id.top === place.top && this.#context.peers.get(id) === undefined;
    return failed.recent(1, now.monoMs, ({ id, ageMs }) => ageMs < recheckMs && isForgotten(id)).length > 0;
  }
}
