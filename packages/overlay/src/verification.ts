import type { Context } from './context.ts';
import type { Deadline } from './deadlines.ts';
import type { Id } from './id.ts';
import type { IndirectReplyMessage, RouteReplyMessage } from './messages.ts';
import type { Peer } from './peers.ts';
import { probeKey, type Router } from './router.ts';
import { SparseMap } from './sparse-map.ts';

/** Verifications under way at most; what does not fit comes again with the next exchange. */
const verificationsMax = 256;
/** Routed probes that may stay unanswered before the node is dialled. */
const routedTriesMax = 1;
/** A routed probe may meet a dead hop on its way, which takes a hop's acknowledgement longer. */
const routedMs = 500;
/** Of the time to answer, what a node whose failure was announced has before witnesses are asked: most answer within it, and those who wait for the verdict wait little longer. */
const aloneShare = 1 / 4;

/** `relayed`: others reach it, this node does not. `absent`: the ring around its id does not know it. */
export type Verdict = 'alive' | 'relayed' | 'dead' | 'absent';

/** Why a peer is verified. */
export type Suspicion =
  /** A heartbeat, a probe or a hop acknowledgement is missing, or the connection closed. */
  | 'silent'
  /** Another node says that it failed. */
  | 'announced'
  /** Another node says that it lives, and it would fit into the leaf set. */
  | 'candidate';

export type VerdictListener = (peer: Peer, verdict: Verdict, verification: Verification) => void;

export interface Verification {
  readonly peer: Peer;
  readonly incarnation: number;
  suspicion: Suspicion;
  readonly startedMs: number;
  readonly deadline: Deadline;
  /** Asked over the ring, without a connection of its own. */
  routed: boolean;
  routeKey: string | undefined;
  nonce: number;
  sentMs: number;
  tries: number;
  /** Of the tries, those that others made. */
  triesSpared: number;
  refused: boolean;
  vouched: boolean;
  /** Peers asked to probe it, with what they said. */
  readonly witnesses: Map<string, IndirectReplyMessage['outcome'] | undefined>;
}

/**
 * Finds out whether peers live, one verification per peer whatever gave rise to it: three direct probes, the last together with
 * indirect ones (SWIM, Das, Gupta and Motivala 2002); after a refused redial witnesses that agree are enough. A far node is
 * asked over the ring first, which costs no connection.
 */
export class Verifications {
  readonly #context: Context;
  readonly #router: Router;
  readonly #onVerdict: VerdictListener;
  readonly #byHex: SparseMap<string, Verification> = new SparseMap();
  #candidates = 0;

  constructor(context: Context, router: Router, onVerdict: VerdictListener) {
    this.#context = context;
    this.#router = router;
    this.#onVerdict = onVerdict;
  }

  has(id: Id): boolean {
    return this.#byHex.has(id.hex);
  }

  /** Nodes of which it is not yet known whether they belong into the leaf set. */
  get candidates(): number {
    return this.#candidates;
  }

  /** Begins in `delayMs`, unless the peer is being verified already. News meanwhile that it is a member makes it a candidate all the same. */
  start(peer: Peer, suspicion: Suspicion, options: { routed: boolean; delayMs: number }): void {
    const running = this.#byHex.get(peer.id.hex);
    if (running?.suspicion === 'silent' && suspicion === 'candidate') {
      running.suspicion = suspicion;
      this.#candidates++;
    }
    if (running !== undefined || this.#byHex.size >= verificationsMax) return;
    const verification: Verification = {
      peer,
      incarnation: peer.contact.incarnation,
      suspicion,
      startedMs: this.#context.now.monoMs,
      deadline: this.#context.after(options.delayMs, { kind: 'verification', id: peer.id }),
      routed: options.routed,
      routeKey: undefined,
      nonce: 0,
      sentMs: 0,
      tries: 0,
      triesSpared: 0,
      refused: false,
      vouched: false,
      witnesses: new Map(),
    };
    if (!options.routed) this.#spareTries(verification, 2);
    this.#byHex.set(peer.id.hex, verification);
    peer.isQuestioned = true;
    if (suspicion === 'candidate') this.#candidates++;
    if (options.delayMs === 0) this.#try(verification);
  }

  /** A message came from the peer: it lives. Without its status a candidate is of no use yet. */
  heard(peer: Peer): void {
    if (!peer.isQuestioned) return;
    const verification = this.#byHex.get(peer.id.hex);
    if (verification === undefined || peer.status === undefined) return;
    this.#conclude(verification, 'alive');
  }

  /** The round-trip time of a probe, measured only when the answer is for certain to the last one. */
  onProbeReply(peer: Peer, nonce: number): void {
    const verification = this.#byHex.get(peer.id.hex);
    if (verification !== undefined && verification.nonce === nonce) peer.answered(verification.sentMs, this.#context.now.monoMs);
  }

  /** A dial to the peer failed because nobody, or somebody else, listens at its address. */
  onRefused(peer: Peer): void {
    const verification = this.#byHex.get(peer.id.hex);
    if (verification === undefined || verification.routed || verification.refused) return;
    verification.refused = true;
    this.#askWitnesses(verification, this.#context.config.refusalWitnesses);
    this.#weigh(verification);
  }

  onIndirectReply(from: Peer, message: IndirectReplyMessage): void {
    const verification = this.#byHex.get(message.target.hex);
    if (verification === undefined || !verification.witnesses.has(from.id.hex)) return;
    verification.witnesses.set(from.id.hex, message.outcome);
    if (message.outcome === 'alive') verification.vouched = true;
    this.#weigh(verification);
  }

  onTimer(id: Id): void {
    const verification = this.#byHex.get(id.hex);
    if (verification === undefined) return;
    const triesMax = this.#context.config.probeTries;
    if (verification.routed && verification.tries >= routedTriesMax) this.#goDirect(verification);
    if (!verification.routed && verification.tries >= triesMax) this.#conclude(verification, verification.vouched ? 'relayed' : 'dead');
    else this.#try(verification);
  }

  /** A new life of the peer began, or nobody wants to know any more. */
  cancel(peer: Peer): void {
    const verification = this.#byHex.get(peer.id.hex);
    if (verification !== undefined) this.#close(verification);
  }

  #try(verification: Verification): void {
    verification.tries++;
    const waitMs = this.#patienceMs(verification);
    this.#context.deadlines.move(verification.deadline, this.#context.now.monoMs + waitMs);
    if (verification.routed) this.#probeRouted(verification, waitMs);
    else this.#probe(verification);
  }

  #patienceMs({ peer, routed, suspicion, tries }: Verification): number {
    const rtoMs = this.#context.rtoMs(peer);
    // Those who would answer for an announced node ask it themselves meanwhile.
    const aloneMs = suspicion === 'announced' ? rtoMs * aloneShare : 0;
    if (routed) return rtoMs + aloneMs + routedMs;
    const isLast = tries >= this.#context.config.probeTries;
    return aloneMs > 0 && !isLast ? aloneMs : rtoMs;
  }

  #probe(verification: Verification): void {
    verification.nonce = this.#context.nextCounter();
    verification.sentMs = this.#context.now.monoMs;
    this.#context.send(verification.peer, { type: 'probe', nonce: verification.nonce, status: this.#context.status });
    const { probeTries, indirectProbes } = this.#context.config;
    // Not with the last try: what they find takes two more round trips to arrive. But when a failure was announced, others have been
    // asked already, and nearly always the node itself or its silence says all: were each receiver to ask them again at once, a false
    // announcement would cost hundreds of messages.
    const asksWitnesses = verification.tries >= (verification.suspicion === 'announced' ? probeTries : probeTries - 1);
    if (asksWitnesses && verification.witnesses.size === 0) this.#askWitnesses(verification, indirectProbes);
  }

  #probeRouted(verification: Verification, timeoutMs: number): void {
    this.#dropRoute(verification);
    let answered = false;
    const routeKey = this.#router.originate({ purpose: 'probe', key: probeKey(verification.peer.id), timeoutMs }, (reply) => {
      answered = true;
      verification.routeKey = undefined;
      if (this.#byHex.get(verification.peer.id.hex) === verification) this.#onRouted(verification, reply);
    });
    if (!answered) verification.routeKey = routeKey;
  }

  #onRouted(verification: Verification, reply: RouteReplyMessage | undefined): void {
    if (reply === undefined) return;
    const { peer, suspicion } = verification;
    if (reply.root === undefined) {
      const { incarnation } = peer.contact;
      if (reply.incarnation < incarnation) return;
      // A later life, whose contact only the node itself can give.
      if (reply.incarnation > incarnation) {
        this.#askDirectly(verification);
        return;
      }
      peer.lastHeardMs = this.#context.now.monoMs;
      this.#context.changeStatus(peer, 'active');
      this.#conclude(verification, 'alive');
      return;
    }
    // A failure that was announced is confirmed by this; a routine doubt is settled by asking the node itself.
    if (suspicion === 'silent') this.#askDirectly(verification);
    else this.#conclude(verification, suspicion === 'announced' ? 'dead' : 'absent');
  }

  #askDirectly(verification: Verification): void {
    this.#goDirect(verification);
    this.#try(verification);
  }

  #goDirect(verification: Verification): void {
    this.#dropRoute(verification);
    verification.routed = false;
    // It was asked over the ring.
    this.#spareTries(verification, 1);
  }

  /** Who announced the failure has tried as often as this node would have: so many tries are left, the last together with witnesses. */
  #spareTries(verification: Verification, left: number): void {
    const { probeTries } = this.#context.config;
    verification.triesSpared = verification.suspicion === 'announced' ? Math.max(0, probeTries - left) : 0;
    verification.tries = verification.triesSpared;
  }

  /** For members, present or to come: what becomes of others is not worth so many messages. */
  #askWitnesses(verification: Verification, count: number): void {
    if (!verification.peer.isLeaf && verification.suspicion === 'silent') return;
    const { contact, isLeaf } = verification.peer;
    const target = { id: contact.id, incarnation: contact.incarnation };
    for (const witness of this.#witnesses(verification, count)) {
      verification.witnesses.set(witness.id.hex, undefined);
      const nonce = this.#context.nextCounter();
      this.#context.send(witness, { type: 'indirectProbe', nonce, target, ...(!isLeaf && { contact }) });
    }
  }

  /** Members that are likeliest to answer: neighbours of a member, and first those to which there is a connection. */
  #witnesses({ peer, witnesses }: Verification, count: number): readonly Peer[] {
    const fit = this.#context.commonNeighbours(peer, count, ({ id }) => !witnesses.has(id.hex));
    return this.#context.rotated(fit).slice(0, count);
  }

  /** After a refused redial, as soon as all who were asked have said something. */
  #weigh(verification: Verification): void {
    if (!verification.refused) return;
    const said = [...verification.witnesses.values()];
    if (verification.vouched) this.#conclude(verification, 'relayed');
    else if (said.every((outcome) => outcome === 'refused')) this.#conclude(verification, 'dead');
  }

  #dropRoute(verification: Verification): void {
    if (verification.routeKey !== undefined) this.#router.abandon(verification.routeKey);
    verification.routeKey = undefined;
  }

  #conclude(verification: Verification, verdict: Verdict): void {
    this.#close(verification);
    this.#onVerdict(verification.peer, verdict, verification);
  }

  #close(verification: Verification): void {
    this.#dropRoute(verification);
    this.#context.deadlines.cancel(verification.deadline);
    this.#byHex.delete(verification.peer.id.hex);
    verification.peer.isQuestioned = false;
    if (verification.suspicion === 'candidate') this.#candidates--;
  }
}
