import { Admission } from './admission.ts';
import { ColdStart } from './cold-start.ts';
import { Connections } from './connections.ts';
import type { Contact } from './contact.ts';
import { Context, type OverlayInit } from './context.ts';
import type { Timer } from './deadlines.ts';
import { Errands } from './errands.ts';
import { FailureDetector } from './failure-detector.ts';
import type { Id } from './id.ts';
import type { OverlayEvent, OverlayInput } from './io.ts';
import { Join } from './join.ts';
import { JoinSteps } from './join-steps.ts';
import { Lookups } from './lookups.ts';
import { Membership } from './membership.ts';
import { Merge } from './merge.ts';
import type { OverlayMessage } from './messages.ts';
import type { Peer } from './peers.ts';
import { Remembered } from './remembered.ts';
import { Router } from './router.ts';
import { TableUpkeep } from './table-upkeep.ts';
import { type Verdict, type Verification, Verifications } from './verification.ts';

/** Leads every input, message and timer to the part of the overlay that it is for, and the parts' findings to each other. */
export class Protocol {
  readonly context: Context;
  readonly membership: Membership;
  readonly remembered: Remembered;
  readonly connections: Connections;
  readonly #router: Router;
  readonly #verifications: Verifications;
  readonly #errands: Errands;
  readonly #detector: FailureDetector;
  readonly #admission: Admission;
  readonly #join: Join;
  readonly #joinSteps: JoinSteps;
  readonly #coldStart: ColdStart;
  readonly #merge: Merge;
  readonly #upkeep: TableUpkeep;
  readonly #lookups: Lookups;

  constructor(init: OverlayInit) {
    const context = new Context(init);
    this.context = context;
    this.remembered = new Remembered(context, init.remembered);
    this.#router = new Router(
      context,
      (hop) => this.#detector.suspect(hop),
      (contacts) => this.membership.consider(contacts),
      (origin) => this.membership.onProbed(origin),
      () => this.connections.onLookup(),
    );
    this.#verifications = new Verifications(context, this.#router, (...verdict) => this.#onVerdict(...verdict));
    this.#errands = new Errands(context);
    this.membership = new Membership(context, this.#verifications);
    this.connections = new Connections(context, this.membership.exchange);
    this.#detector = new FailureDetector(context, this.#verifications);
    this.#admission = new Admission(context, this.membership);
    const onActive = (): void => this.#activate('joined');
    this.#join = new Join(context, this.#router, this.membership, this.#verifications, this.remembered, onActive);
    this.#joinSteps = new JoinSteps(this.membership, this.#admission, this.#join);
    this.#coldStart = new ColdStart(context, this.remembered, () => this.#seed());
    this.#merge = new Merge(context, this.#router, this.membership, this.#verifications, this.remembered);
    this.#upkeep = new TableUpkeep(context, this.membership.exchange);
    this.#lookups = new Lookups(context, this.#router);
  }

  take(input: OverlayInput): void {
    switch (input.type) {
      case 'message':
        this.#onMessage(input.from, input.message);
        break;
      case 'joinPassedOn':
        this.#joinSteps.onPassedOn(input.from, input.message);
        break;
      case 'timeout':
        this.#onTimeout(input.lateMs);
        break;
      case 'peerConnected':
        this.#onConnected(input.peer, input.rttMs);
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
        this.#beginJoin(input.contacts);
        break;
      case 'establish':
        this.#establish(input.leafSet, input.table);
        break;
      case 'leave':
        this.#leave(input.done);
        break;
      case 'lookup':
        this.#lookups.begin(input);
        break;
      case 'cancel':
        this.#lookups.cancel(input.ref);
        break;
      case 'selfChanged':
        this.#changeSelf(input.self);
        break;
    }
    if (this.membership.flush()) this.#onLeafSetChanged();
  }

  #onLeafSetChanged(): void {
    if (!this.context.isOnRing) return;
    this.context.fitTable();
    this.#detector.onLeafSetChanged();
    this.#merge.onLeafSetChanged();
  }

  /** The neighbours learn the new address from this node itself, everybody else from them. */
  #changeSelf(self: Contact): void {
    this.context.selfPeer.contact = self;
    if (this.context.isOnRing) this.membership.push.came(self);
  }

  #onMessage(from: Contact, message: OverlayMessage): void {
    const peer = this.#heard(from);
    if (peer === undefined) return;
    if ('status' in message) this.membership.onStatus(peer, message.status);
    else if (peer.status === undefined && isJoiner(peer, message)) this.membership.onStatus(peer, 'joining');
    // Before the verification ends with it, for then nobody knows any more when the probe was sent.
    if (message.type === 'probeReply') this.#verifications.onProbeReply(peer, message.nonce);
    this.#verifications.heard(peer);
    this.#errands.heard(peer);
    if (peer.isOnRing) this.#onRingPeer(peer);
    this.#handle(peer, message);
  }

  /** The peer of a message that is not from an earlier life of it. Any byte takes a suspicion back. */
  #heard(from: Contact): Peer | undefined {
    if (this.context.isSelf(from.id)) {
      this.membership.consider([from]);
      return undefined;
    }
    const peer = this.membership.meet(from);
    if (from.incarnation < peer.contact.incarnation) return undefined;
    peer.lastHeardMs = this.context.now.monoMs;
    peer.suspected = false;
    peer.relayed = false;
    this.context.failed.clear(from.id);
    return peer;
  }

  #onRingPeer(peer: Peer): void {
    // A node that is joining takes in only those it asked, not everyone who helps it in.
    if (this.context.isOnRing) this.membership.evidence(peer);
    if (!peer.isActive) return;
    const isNew = !peer.isTabled && this.context.table.insert(peer);
    this.remembered.note(peer, isNew);
    this.#coldStart.onActive();
    this.#admission.onActive(peer);
    if (this.#join.isRunning) this.#join.onActivePeer(peer);
  }

  #handle(peer: Peer, message: OverlayMessage): void {
    switch (message.type) {
      case 'heartbeat':
        this.#detector.onHeartbeat(peer, message.periodMs);
        break;
      case 'probe':
        this.#onProbe(peer, message.nonce);
        break;
      case 'probeReply':
        this.#detector.onPromise(peer, message.periodMs);
        if (message.status === 'joining') this.#coldStart.onWaiting(peer, message.previouslyActive);
        break;
      case 'indirectProbe':
        this.#errands.onRequest(peer, message);
        break;
      case 'indirectReply':
        this.#verifications.onIndirectReply(peer, message);
        break;
      case 'leafSet':
        this.membership.onLeafSet(peer, message);
        this.#upkeep.onLeafSet(peer, message);
        this.connections.vicinity.onLeafSet(peer, message);
        break;
      case 'leaving':
        this.membership.onLeaving(peer, message.done);
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
        if (!this.#router.onReply(peer, message)) this.#join.onLateReply(message);
        break;
      case 'findNext':
        this.#lookups.onFindNext(peer, message);
        break;
      case 'findNextReply':
        this.#lookups.onFindNextReply(peer, message);
        break;
      case 'joinRequest':
      case 'joinGrant':
      case 'joinRefused':
      case 'joinCommit':
      case 'joinCommitted':
        this.#joinSteps.onMessage(peer, message);
        break;
      case 'tableRequest':
        this.#upkeep.onRequest(peer, message);
        break;
      case 'tableReply':
        this.connections.nearby.onContacts(peer, message.contacts);
        this.#upkeep.onReply(message);
        break;
    }
  }

  #onTimeout(lateMs: number): void {
    if (lateMs > this.context.config.stallMs) this.#onStall(lateMs);
    for (;;) {
      const timer = this.context.deadlines.popDue(this.context.now.monoMs);
      if (timer === undefined) return;
      this.#fire(timer);
    }
  }

  /** This process was stopped or stalled: nobody's answer is late on account of that. */
  #onStall(lateMs: number): void {
    this.context.health.bad();
    this.context.deadlines.shift(lateMs, isDetection);
    this.#detector.onStall();
    const { probeTries, rtoMsMin } = this.context.config;
    if (lateMs > probeTries * rtoMsMin && this.context.isOnRing) this.membership.onStall();
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
        this.membership.onPushTimer();
        break;
      case 'leafSetExchange':
        this.membership.onExchangeTimer();
        break;
      case 'leafSetRepair':
        this.membership.repair.onTimer();
        break;
      case 'joinStep':
        this.#join.onStepTimer();
        break;
      case 'coldStart':
        this.#coldStart.onSeedTimer(this.#join.hasFoundRing);
        break;
      case 'coldProbe':
        this.#coldStart.onProbeTimer(this.#join.hasFoundRing);
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
      case 'findNext':
        this.#lookups.onFindNextTimer(timer.counter);
        break;
      case 'merge':
        this.#merge.onTimer();
        break;
      case 'tableUpkeep':
        this.#upkeep.onTimer();
        break;
      case 'connections':
        this.connections.onTimer();
        break;
      case 'remembered':
        this.remembered.onTimer();
        break;
    }
  }

  #onProbe(peer: Peer, nonce: number): void {
    const { status, previouslyActive } = this.context;
    this.context.send(peer, { type: 'probeReply', nonce, status, previouslyActive, periodMs: this.#detector.promisedMs });
    this.#coldStart.onAsked(peer);
  }

  #onConnected(contact: Contact, rttMs: number | undefined): void {
    const peer = this.#heard(contact);
    if (peer === undefined) return;
    this.context.peers.onConnected(peer, this.context.now.monoMs);
    if (rttMs !== undefined) peer.measured(rttMs);
    this.#verifications.heard(peer);
    // Whoever connects is likely to be a hop; that it is still joining it says next.
    if (peer.status === undefined || peer.isActive) this.context.learn(contact);
    if (peer.isTabled) this.context.table.insert(peer);
  }

  #onDisconnected(id: Id): void {
    const peer = this.context.peers.get(id);
    if (peer === undefined) return;
    this.context.peers.onDisconnected(peer);
    this.#onUnheard(peer);
    if (peer.isLeaf) this.#detector.doubt(peer);
  }

  #onUnreachable(id: Id, incarnation: number, reason: 'refused' | 'timeout' | 'identity' | 'rejected'): void {
    const peer = this.context.peers.get(id);
    if (peer === undefined || incarnation < peer.contact.incarnation) return;
    const isRefused = reason === 'refused' || reason === 'identity';
    this.remembered.lost(peer);
    if (isRefused) this.#errands.onRefused(peer);
    if (peer.isLeaf) this.#detector.suspect(peer);
    if (!this.#verifications.has(id)) this.#drop(peer, isRefused);
    else if (isRefused) this.#verifications.onRefused(peer);
    this.#onUnheard(peer);
    this.#join.progress();
  }

  /** A contact that is no neighbour is not worth a verdict: it is out of the table until it shows up again. */
  #drop(peer: Peer, isRefused: boolean): void {
    this.context.table.remove(peer);
    peer.suspected = true;
    if (isRefused) this.context.failed.add(peer.id, peer.contact.incarnation, this.context.now.monoMs);
  }

  /** What the peer was given is given to others, and what it held is free. */
  #onUnheard(peer: Peer): void {
    this.#router.onHopLost(peer);
    this.#lookups.onLost(peer);
    this.#admission.onUnheard(peer);
    this.#coldStart.onLost(peer);
  }

  #onDropped(to: Id, message: OverlayMessage): void {
    const peer = this.context.peers.get(to);
    if (peer === undefined) return;
    if (message.type === 'route') this.#router.onHopLost(peer);
    else if (message.type === 'findNext') this.#lookups.onLost(peer);
  }

  #onVerdict(peer: Peer, verdict: Verdict, verification: Verification): void {
    switch (verdict) {
      case 'alive':
        this.#onAlive(peer, verification);
        break;
      case 'relayed':
        this.#onRelayed(peer, verification);
        break;
      case 'dead':
        this.#onDead(peer, verification);
        break;
      case 'absent':
        if (!peer.isLeaf) this.context.table.remove(peer);
        this.membership.onMissing(peer, verification);
        break;
    }
    this.#join.progress();
  }

  #onAlive(peer: Peer, verification: Verification): void {
    // Having been wrong about others is a sign that this node itself is slow.
    if (verification.tries - verification.triesSpared > 1) this.context.health.bad();
    else this.context.health.good();
    peer.suspected = false;
    this.context.failed.clear(peer.id);
    this.membership.evidence(peer);
    // The news of its death was passed on before it was looked into, so this has to travel as far.
    if (verification.suspicion === 'announced') this.membership.push.came(peer.contact);
    this.#merge.onAlive(peer);
  }

  /** Others reach it: it keeps its place, or gets it if it was named as a member. */
  #onRelayed(peer: Peer, verification: Verification): void {
    peer.relayed = true;
    peer.suspected = false;
    if (verification.suspicion === 'candidate') this.membership.vouched(peer);
  }

  #onDead(peer: Peer, verification: Verification): void {
    const { incarnation } = peer.contact;
    this.remembered.lost(peer);
    this.#router.onHopLost(peer);
    if (!this.membership.fail(peer)) {
      this.membership.onMissing(peer, verification);
      return;
    }
    this.#admission.onSuccessorFailed(peer);
    const detectionMs = this.context.now.monoMs - verification.startedMs;
    this.context.emit({ type: 'failed', id: peer.id, incarnation, detectionMs });
  }

  #beginJoin(contacts: readonly Contact[]): void {
    if (this.context.status !== 'joining') {
      for (const contact of contacts) this.#merge.through(contact);
      return;
    }
    this.#coldStart.begin(contacts);
    if (this.context.status === 'joining') this.#join.begin(contacts);
  }

  #seed(): void {
    this.#join.stop();
    this.#activate('seeded');
  }

  #establish(leafSet: readonly Contact[], table: readonly Contact[]): void {
    if (this.context.status !== 'joining') return;
    this.membership.establish(leafSet);
    this.context.fitTable();
    for (const contact of [...leafSet, ...table]) this.context.learn(contact);
    this.remembered.adopt(table);
    this.#activate('created');
  }

  #activate(how: (OverlayEvent & { type: 'activated' })['how']): void {
    if (this.context.status !== 'joining') return;
    this.#coldStart.stop();
    this.context.changeStatus(this.context.selfPeer, 'active');
    this.context.previouslyActive = true;
    this.context.emit({ type: 'activated', how });
    this.context.tuning.failures.begin(this.context.now.monoMs);
    this.#merge.begin();
    const isEstablished = how === 'created' && this.context.leafSet.size > 0;
    this.#upkeep.begin(isEstablished);
    if (this.context.self.role !== 'full') return;
    this.#detector.begin();
    this.membership.begin();
    this.#greetJoiners();
    // Their neighbours know them already.
    if (isEstablished) return;
    this.membership.repair.onJoined();
    for (const neighbour of this.context.leafSet.near(this.context.config.nearNeighbours)) {
      if (!neighbour.relayed) this.membership.exchange.sendArrival(neighbour);
    }
  }

  /** Those who asked this node for the way in before it knew one need not wait for their next attempt. */
  #greetJoiners(): void {
    for (const peer of this.context.peers.values()) {
      if (peer.connected && peer.status === 'joining') this.#detector.greet(peer);
    }
  }

  #leave(done: boolean): void {
    this.#join.stop();
    this.#coldStart.stop();
    if (this.context.status === 'active') this.context.changeStatus(this.context.selfPeer, 'leaving');
    if (this.context.status !== 'leaving') return;
    for (const member of this.context.leafSet.members) this.context.send(member, { type: 'leaving', done });
  }
}

/** Timers that measure the patience with others. */
function isDetection(timer: Timer): boolean {
  return timer.kind === 'verification' || timer.kind === 'passage' || timer.kind === 'errand' || timer.kind === 'joinStep';
}

function isJoiner(peer: Peer, message: OverlayMessage): boolean {
  if (message.type === 'route') return message.purpose === 'join' && message.request.origin.equals(peer.id);
  return message.type === 'joinRequest';
}
