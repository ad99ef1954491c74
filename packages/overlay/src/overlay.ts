import { Admission } from './admission.ts';
import { validateOverlayConfig } from './config.ts';
import type { Contact } from './contact.ts';
import { Context, type OverlayInit } from './context.ts';
import type { Timer } from './deadlines.ts';
import { Errands } from './errands.ts';
import { FailureDetector } from './failure-detector.ts';
import type { Id } from './id.ts';
import type { Now, OverlayEvent, OverlayInput, OverlayOutput } from './io.ts';
import { Join } from './join.ts';
import { Lookups } from './lookups.ts';
import { Membership } from './membership.ts';
import type { NodeStatus, OverlayMessage } from './messages.ts';
import type { Peer } from './peers.ts';
import type { Arc } from './ring.ts';
import { Router } from './router.ts';
import { type Suspicion, type Verdict, Verifications } from './verification.ts';
import type { LeafView, OverlayView } from './view.ts';

/**
 * The overlay of one node: a state machine without clock, socket or timer. The driver hands in what happened together with the
 * time, carries out what comes back in its order, and calls again when `nextDeadline` has come.
 */
export class Overlay implements OverlayView {
  readonly #context: Context;
  readonly #router: Router;
  readonly #verifications: Verifications;
  readonly #errands: Errands;
  readonly #membership: Membership;
  readonly #detector: FailureDetector;
  readonly #admission: Admission;
  readonly #join: Join;
  readonly #lookups: Lookups;

  constructor(init: OverlayInit) {
    validateOverlayConfig(init.config);
    const context = new Context(init);
    this.#context = context;
    this.#router = new Router(
      context,
      (hop) => this.#detector.suspect(hop),
      (contacts) => this.#membership.consider(contacts),
    );
    this.#verifications = new Verifications(context, this.#router, (...verdict) => this.#onVerdict(...verdict));
    this.#errands = new Errands(context);
    this.#membership = new Membership(context, this.#verifications);
    this.#detector = new FailureDetector(context, this.#verifications);
    this.#admission = new Admission(context, this.#membership);
    this.#join = new Join(context, this.#router, this.#membership, this.#verifications, () => this.#activate('joined'));
    this.#lookups = new Lookups(context, this.#router);
  }

  /** Takes one input. The outputs are to be carried out in their order; the array is the caller's. */
  step(input: OverlayInput, now: Now): readonly OverlayOutput[] {
    this.#context.now = now;
    this.#take(input);
    this.#membership.flush();
    return this.#context.takeOutputs();
  }

  /** Monotone milliseconds at which `timeout` is due; Infinity when nothing is awaited. */
  nextDeadline(): number {
    return this.#context.deadlines.next();
  }

  get self(): Contact {
    return this.#context.self;
  }

  get status(): NodeStatus {
    return this.#context.status;
  }

  leafSet(): { readonly clockwise: readonly LeafView[]; readonly counterClockwise: readonly LeafView[] } {
    const { clockwise, counterClockwise } = this.#context.leafSet;
    return { clockwise: clockwise.map(leafView), counterClockwise: counterClockwise.map(leafView) };
  }

  replicaSet(key: Id, rank: number): readonly Contact[] {
    return this.#context.leafSet.replicaSet(key, rank);
  }

  coversReplicaSet(key: Id, rank: number): boolean {
    return this.#context.leafSet.coversReplicaSet(key, rank);
  }

  neighbourSet(count: number): readonly Contact[] {
    return this.#context.leafSet
      .near(count)
      .filter((peer) => peer.isActive)
      .map((peer) => peer.contact);
  }

  range(rank: number): Arc | undefined {
    return this.#context.leafSet.range(rank);
  }

  contact(id: Id): Contact | undefined {
    return this.#context.isSelf(id) ? this.self : this.#context.peers.get(id)?.contact;
  }

  rttMs(id: Id): number | undefined {
    const peer = this.#context.peers.get(id);
    return peer === undefined || peer.rttMeanMs < 0 ? undefined : peer.rttMeanMs;
  }

  isAvoided(id: Id): boolean {
    const peer = this.#context.peers.get(id);
    return peer !== undefined && (peer.suspected || this.#context.isFailed(peer.contact));
  }

  isConnected(id: Id): boolean {
    return this.#context.peers.get(id)?.connected ?? false;
  }

  routingTable(): readonly { readonly row: number; readonly column: number; readonly contacts: readonly Contact[] }[] {
    return this.#context.table.cells().map(({ row, column, peers }) => ({ row, column, contacts: peers.map((peer) => peer.contact) }));
  }

  remembered(): readonly Contact[] {
    return this.#context.leafSet.members.map((peer) => peer.contact).slice(0, this.#context.config.rememberedMax);
  }

  estimatedSize(): number {
    return this.#context.leafSet.estimatedSize();
  }

  #take(input: OverlayInput): void {
    switch (input.type) {
      case 'message':
        this.#onMessage(input.from, input.message);
        break;
      case 'timeout':
        this.#onTimeout(input.lateMs);
        break;
      case 'peerConnected':
        this.#onConnected(input.peer);
        break;
      case 'peerDisconnected':
        this.#onDisconnected(input.id);
        break;
      case 'peerUnreachable':
        this.#onUnreachable(input.id, input.incarnation, input.reason);
        break;
      case 'sendDropped':
        this.#onDropped(input.to, input.message);
        break;
      case 'create':
        this.#activate('created');
        break;
      case 'join':
        if (this.status === 'joining') this.#join.begin(input.contacts);
        break;
      case 'leave':
        this.#leave(input.done);
        break;
      case 'lookup':
        this.#lookups.begin(input.ref, input.key, input.mode, input.timeoutMs);
        break;
      case 'cancel':
        this.#lookups.cancel(input.ref);
        break;
      case 'selfChanged':
        this.#context.selfPeer.contact = input.self;
        break;
    }
  }

  #onMessage(from: Contact, message: OverlayMessage): void {
    const peer = this.#heard(from);
    if (peer === undefined) return;
    if ('status' in message) this.#membership.onStatus(peer, message.status);
    else if (message.type === 'joinRequest' && peer.status === undefined) this.#membership.onStatus(peer, 'joining');
    this.#verifications.heard(peer);
    this.#errands.heard(peer);
    if (peer.isActive) this.#onActivePeer(peer);
    this.#handle(peer, message);
  }

  /** The peer of a message that is not from an earlier life of it. Any byte takes a suspicion back. */
  #heard(from: Contact): Peer | undefined {
    if (this.#context.isSelf(from.id)) return undefined;
    const peer = this.#membership.meet(from);
    if (from.incarnation < peer.contact.incarnation) return undefined;
    peer.lastHeardMs = this.#context.now.monoMs;
    peer.suspected = false;
    peer.relayed = false;
    this.#context.failed.clear(from.id);
    return peer;
  }

  #onActivePeer(peer: Peer): void {
    this.#membership.evidence(peer);
    if (!peer.isTabled) this.#context.table.insert(peer);
    this.#admission.onActive(peer);
    if (this.#join.isRunning) this.#join.onActivePeer(peer);
  }

  #handle(peer: Peer, message: OverlayMessage): void {
    switch (message.type) {
      case 'heartbeat':
        break;
      case 'probe':
        this.#context.send(peer, {
          type: 'probeReply',
          nonce: message.nonce,
          status: this.status,
          previouslyActive: this.#context.previouslyActive,
        });
        break;
      case 'probeReply':
        this.#verifications.onProbeReply(peer, message.nonce);
        break;
      case 'indirectProbe':
        this.#errands.onRequest(peer, message);
        break;
      case 'indirectReply':
        this.#verifications.onIndirectReply(peer, message);
        break;
      case 'leafSet':
        this.#membership.onLeafSet(peer, message);
        break;
      case 'leaving':
        this.#membership.onLeaving(peer, message.done);
        break;
      case 'route':
        this.#router.onRoute(peer, message);
        break;
      case 'routeAck':
        this.#router.onAck(peer, message);
        break;
      case 'routeRefused':
        this.#router.onRefused(peer, message);
        break;
      case 'routeReply':
        this.#router.onReply(message);
        break;
      case 'joinRequest':
        this.#admission.onRequest(peer, message);
        break;
      case 'joinGrant':
        this.#join.onGrant(peer, message);
        break;
      case 'joinRefused':
        this.#join.onRefused(peer, message);
        break;
      case 'joinCommit':
        this.#admission.onCommit(peer, message);
        break;
      case 'joinCommitted':
        this.#join.onCommitted(message);
        break;
      case 'findNext':
      case 'findNextReply':
      case 'tableRequest':
      case 'tableReply':
        break;
    }
  }

  #onTimeout(_lateMs: number): void {
    for (;;) {
      const timer = this.#context.deadlines.popDue(this.#context.now.monoMs);
      if (timer === undefined) return;
      this.#fire(timer);
    }
  }

  #fire(timer: Timer): void {
    switch (timer.kind) {
      case 'heartbeat':
        this.#detector.onHeartbeatTimer();
        break;
      case 'watch':
        this.#detector.onWatchTimer();
        break;
      case 'slowProbe':
        this.#detector.onSlowProbeTimer();
        break;
      case 'farProbe':
        this.#detector.onFarProbeTimer();
        break;
      case 'verification':
        this.#verifications.onTimer(timer.id);
        break;
      case 'errand':
        this.#errands.onTimer(timer.nonce);
        break;
      case 'passage':
        this.#router.onTimer(timer.key);
        break;
      case 'replies':
        this.#router.onRepliesTimer();
        break;
      case 'leafSetPush':
        this.#membership.onPushTimer();
        break;
      case 'leafSetExchange':
        this.#membership.onExchangeTimer();
        break;
      case 'leafSetRepair':
        this.#membership.onRepairTimer();
        break;
      case 'joinStep':
        this.#join.onStepTimer();
        break;
      case 'grant':
        this.#admission.onGrantTimer();
        break;
      case 'admitted':
        this.#admission.onAdmittedTimer(timer.id);
        break;
      case 'lookup':
        this.#lookups.onTimer(timer.ref);
        break;
      case 'coldStart':
      case 'coldProbe':
      case 'findNext':
      case 'merge':
      case 'tableUpkeep':
      case 'remembered':
        break;
    }
  }

  #onConnected(contact: Contact): void {
    const peer = this.#heard(contact);
    if (peer === undefined) return;
    peer.connected = true;
    this.#verifications.heard(peer);
    if (peer.isTabled) this.#context.table.insert(peer);
  }

  #onDisconnected(id: Id): void {
    const peer = this.#context.peers.get(id);
    if (peer === undefined) return;
    peer.connected = false;
    this.#router.onHopLost(peer);
    this.#admission.onLost(peer);
    if (peer.isLeaf) this.#detector.doubt(peer);
  }

  #onUnreachable(id: Id, incarnation: number, reason: 'refused' | 'timeout' | 'identity' | 'rejected'): void {
    const peer = this.#context.peers.get(id);
    if (peer === undefined || incarnation < peer.contact.incarnation) return;
    const isRefused = reason === 'refused' || reason === 'identity';
    this.#detector.suspect(peer);
    if (isRefused) {
      this.#errands.onRefused(peer);
      this.#verifications.onRefused(peer);
    }
    this.#router.onHopLost(peer);
    this.#admission.onLost(peer);
    this.#join.progress();
  }

  #onDropped(to: Id, message: OverlayMessage): void {
    const peer = this.#context.peers.get(to);
    if (peer !== undefined && message.type === 'route') this.#router.onHopLost(peer);
  }

  #onVerdict(peer: Peer, verdict: Verdict, suspicion: Suspicion, detectionMs: number): void {
    switch (verdict) {
      case 'alive':
        peer.suspected = false;
        this.#context.failed.clear(peer.id);
        this.#context.health.good();
        this.#membership.evidence(peer);
        break;
      case 'relayed':
        peer.relayed = true;
        peer.suspected = false;
        if (suspicion === 'candidate' && this.#context.leafSet.fits(peer.id)) this.#membership.insert(peer);
        break;
      case 'dead':
        this.#router.onHopLost(peer);
        if (this.#membership.fail(peer)) {
          this.#context.emit({ type: 'failed', id: peer.id, incarnation: peer.contact.incarnation, detectionMs });
        }
        break;
      case 'absent':
        break;
    }
    this.#join.progress();
  }

  #activate(how: (OverlayEvent & { type: 'activated' })['how']): void {
    if (this.status !== 'joining') return;
    this.#context.changeStatus(this.#context.selfPeer, 'active');
    this.#context.previouslyActive = true;
    this.#context.emit({ type: 'activated', how });
    if (this.self.role !== 'full') return;
    this.#detector.begin();
    this.#membership.begin();
    this.#greetJoiners();
    for (const neighbour of this.#context.leafSet.near(this.#context.config.nearNeighbours)) this.#membership.sendAll(neighbour, false);
  }

  /** Those who asked this node for the way in before it knew one need not wait for their next attempt. */
  #greetJoiners(): void {
    for (const peer of this.#context.peers.values()) {
      if (peer.connected && peer.status === 'joining') this.#context.send(peer, { type: 'heartbeat', status: 'active' });
    }
  }

  #leave(done: boolean): void {
    if (this.status === 'active') this.#context.changeStatus(this.#context.selfPeer, 'leaving');
    for (const member of this.#context.leafSet.members) this.#context.send(member, { type: 'leaving', done });
  }
}

function leafView(peer: Peer): LeafView {
  const { contact, status = 'joining', connected, suspected } = peer;
  return peer.rttMeanMs < 0 ? { contact, status, connected, suspected } : { contact, status, connected, suspected, rttMs: peer.rttMeanMs };
}
