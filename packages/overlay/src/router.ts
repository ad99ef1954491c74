import type { Contact, NodeLife } from './contact.ts';
import type { Context } from './context.ts';
import type { Deadline } from './deadlines.ts';
import { HopChoice } from './hop-choice.ts';
import { Id, sharedPrefixLength } from './id.ts';
import type { Hop, RequestId, RouteAckMessage, RouteMessage, RouteRefusedMessage, RouteReplyMessage } from './messages.ts';
import type { Peer } from './peers.ts';
import { RememberedReplies } from './remembered-replies.ts';
import { brief, isNamed, requestKeyOf } from './request-key.ts';
import { compareClockwise, isCloser } from './ring.ts';
import { SparseMap } from './sparse-map.ts';

/** A request that is accepted but unanswered is sent again end to end after this, then after twice this and so on. */
const resendMs = 1000;
/** But after this share of the time that is left at the latest: where packets are lost, four tries in all that time are too few. */
const resendShare = 1 / 4;
/** So long a reply may take that comes back through this node. */
const replyMs = 3000;
/** A hop that is about to become active is asked again after this. */
const busyMs = 50;
/** When nobody is left to ask, all are asked again after as much, then twice as much and so on up to so many times: they are slow, or this node is. */
const anewFactorMax = 8;
/** So many hops may be lost to contacts that nobody watches before the request keeps to those that are watched: where sessions are short most others are dead. */
const gamblesMax = 2;
/** Contacts that one hop adds to a join, and contacts in a message at most. */
const contactsPerHop = 2;
const contactsMax = 4;
/** Nodes on each side of its place that a joiner is told of; the others it learns with the grant. */
const besideJoiner = 2;
/** Of an id that a probe names. */
const probeDigits = 20;

/** Told of the root's reply to a request that began on this node; absent when none came in time. Called exactly once. */
export type RouteOwner = (reply: RouteReplyMessage | undefined) => void;

export interface RouteRequest {
  readonly purpose: RouteMessage['purpose'];
  readonly key: Id;
  /** Of a lookup: how many of the closest nodes its answer names. */
  readonly rank?: number;
  readonly timeoutMs: number;
  /** The first hop when it is not this node's to choose. */
  readonly via?: Peer;
}

/** One request on its way through this node. */
interface Passage {
  readonly requestKey: string;
  readonly message: RouteMessage;
  /** Who handed it over; absent when it began here. */
  from: Peer | undefined;
  readonly owner: RouteOwner | undefined;
  readonly via: Peer | undefined;
  readonly expiresMs: number;
  readonly deadline: Deadline;
  /** Who waits for this node's acknowledgement; an answer that goes the same way makes it needless. */
  owed: Peer | undefined;
  hop: Peer | undefined;
  sentMs: number;
  sends: number;
  /** How often it was begun anew, because nobody was left to ask. */
  rounds: number;
  acknowledged: boolean;
  /** Hops that were given up, with when each was sent the request. */
  readonly tried: Map<Peer, number>;
}

/**
 * Recursive routing: every hop is strictly closer to the key, acknowledges what it accepts, and is passed over at once when it
 * does not. The leaf set alone leads to the right root; the routing table makes the way short.
 */
export class Router {
  readonly #context: Context;
  readonly #passages: SparseMap<string, Passage> = new SparseMap();
  readonly #replies: RememberedReplies;
  readonly #hops: HopChoice;
  /** Set while this node waits for its successor to let it in: routes for it are then worth a short wait. */
  isCommitting = false;
  /** Told of every hop that missed its acknowledgement. */
  readonly #onMissed: (hop: Peer) => void;
  /** Told of contacts that came along. */
  readonly #onContacts: (contacts: readonly Contact[]) => void;
  /** Told of a node that asked for this one over the ring. */
  readonly #onProbed: (origin: NodeLife) => void;
  /** Told of every lookup of a user that begins here or comes through. */
  readonly #onLookup: () => void;

  constructor(
    context: Context,
    onMissed: (hop: Peer) => void,
    onContacts: (contacts: readonly Contact[]) => void,
    onProbed: (origin: NodeLife) => void,
    onLookup: () => void,
  ) {
    this.#context = context;
    this.#onMissed = onMissed;
    this.#onContacts = onContacts;
    this.#onProbed = onProbed;
    this.#onLookup = onLookup;
    this.#replies = new RememberedReplies(context);
    this.#hops = new HopChoice(context);
  }

  /** Begins a request here. The owner may be called before this returns, when this node is the root itself. */
  originate(request: RouteRequest, owner: RouteOwner): string {
    const { self, config, now } = this.#context;
    const id = this.#context.nextRequest();
    const message: RouteMessage = {
      type: 'route',
      request: id,
      purpose: request.purpose,
      key: request.key,
      ...(request.rank !== undefined && { rank: request.rank }),
      ...(request.purpose !== 'probe' && { origin: self }),
      ttl: config.ttl,
      remainingMs: request.timeoutMs,
      path: [],
      contacts: [],
    };
    const passage = this.#open(message, undefined, owner, request.via, now.monoMs + request.timeoutMs);
    this.#advance(passage);
    return passage.requestKey;
  }

  /** Forgets a request that began here; its owner is not called any more. */
  abandon(requestKey: string): void {
    const passage = this.#passages.get(requestKey);
    if (passage !== undefined) this.#close(passage);
  }

  onRoute(from: Peer, message: RouteMessage): void {
    const requestKey = requestKeyOf(message.request);
    const known = this.#passages.get(requestKey);
    if (known?.owner !== undefined) {
      this.#onHomecoming(known, known.owner, from, message);
      return;
    }
    if (known !== undefined) {
      this.#onDuplicate(known, from, message);
      return;
    }
    const remembered = this.#replies.get(requestKey);
    if (remembered !== undefined) {
      this.#acknowledge(from, message.request);
      this.#context.send(from, remembered);
      return;
    }
    const refusal = this.#refusal(from, message);
    if (refusal !== undefined) {
      this.#refuse(from, message, refusal);
      return;
    }
    if (this.#isProbed(message)) this.#onProbed(originOf(message));
    const passage = this.#open(message, from, undefined, undefined, this.#context.now.monoMs + message.remainingMs);
    passage.owed = from;
    this.#advance(passage);
    if (passage.owed !== undefined) this.#acknowledge(passage.owed, message.request);
  }

  onAck(from: Peer, message: RouteAckMessage): void {
    const passage = this.#passages.get(requestKeyOf(message.request));
    if (passage === undefined || passage.acknowledged) return;
    const sentMs = passage.hop === from ? passage.sentMs : passage.tried.get(from);
    if (sentMs === undefined) return;
    // Too late it is as good, and the time that it took teaches patience.
    passage.hop = from;
    passage.acknowledged = true;
    from.answered(sentMs, this.#context.now.monoMs);
    this.#wait(passage, passage.owner === undefined ? replyMs : this.#resendAfterMs(passage, from));
  }

  #resendAfterMs({ sends, expiresMs }: Passage, hop: Peer): number {
    const { now, health } = this.#context;
    const patienceMs = Math.min(resendMs * sends * health.factor, resendShare * (expiresMs - now.monoMs));
    return Math.max(patienceMs, 2 * this.#context.hopAckMs(hop));
  }

  onRefused(from: Peer, message: RouteRefusedMessage): void {
    this.#onContacts(message.members);
    const passage = this.#passages.get(requestKeyOf(message.request));
    if (passage === undefined || passage.hop !== from || passage.acknowledged) return;
    passage.hop = undefined;
    if (message.reason === 'not-active' && from.status !== 'leaving') this.#context.changeStatus(from, 'joining');
    if (message.reason === 'busy') this.#wait(passage, busyMs);
    else if (message.reason === 'late' || message.reason === 'ttl') this.#wait(passage, Number.POSITIVE_INFINITY);
    else {
      passage.tried.set(from, passage.sentMs);
      this.#advance(passage);
    }
  }

  /** False when nobody waits for it any more. */
  onReply(from: Peer, message: RouteReplyMessage): boolean {
    const passage = this.#passages.get(requestKeyOf(message.request));
    if (passage === undefined) return false;
    // The driver has refused the root's contact: another answer may come.
    if (passage.owner !== undefined && passage.message.purpose !== 'probe' && rootOf(message) === undefined) return true;
    this.#close(passage);
    if (passage.hop === from && !passage.acknowledged) from.answered(passage.sentMs, this.#context.now.monoMs);
    if (passage.owner === undefined) this.#sendBack(passage, message);
    else passage.owner(message);
    return true;
  }

  /** The connection to a hop broke, or it cannot be dialled: what it was given is given to another at once. */
  onHopLost(peer: Peer): void {
    const { monoMs } = this.#context.now;
    for (const passage of [...this.#passages.values()]) {
      if (passage.hop !== peer || monoMs - passage.sentMs > resendMs) continue;
      passage.tried.set(peer, passage.sentMs);
      passage.hop = undefined;
      this.#advance(passage);
    }
  }

  onTimer(requestKey: string): void {
    const passage = this.#passages.get(requestKey);
    if (passage === undefined) return;
    const isDone = passage.acknowledged && passage.owner === undefined;
    if (isDone || this.#context.now.monoMs >= passage.expiresMs) {
      if (passage.owner !== undefined) this.#giveUp(passage, passage.owner);
      else this.#close(passage);
      return;
    }
    if (passage.hop !== undefined) {
      // Sent again it goes another way, in case the first hop accepted it and lost it.
      passage.tried.set(passage.hop, passage.sentMs);
      if (!passage.acknowledged) this.#onMissed(passage.hop);
      passage.hop = undefined;
    }
    this.#advance(passage);
  }

  onRepliesTimer(): void {
    this.#replies.expire();
  }

  #open(message: RouteMessage, from: Peer | undefined, owner: RouteOwner | undefined, via: Peer | undefined, expiresMs: number): Passage {
    if (message.purpose === 'lookup') this.#onLookup();
    const requestKey = requestKeyOf(message.request);
    const deadline = this.#context.deadlines.prepare({ kind: 'passage', key: requestKey });
    const passage: Passage = {
      requestKey,
      message,
      from,
      owner,
      via,
      expiresMs,
      deadline,
      owed: undefined,
      hop: undefined,
      sentMs: 0,
      sends: 0,
      rounds: 0,
      acknowledged: false,
      tried: new Map(),
    };
    this.#passages.set(requestKey, passage);
    return passage;
  }

  #close(passage: Passage): void {
    this.#context.deadlines.cancel(passage.deadline);
    this.#passages.delete(passage.requestKey);
  }

  #giveUp(passage: Passage, owner: RouteOwner): void {
    this.#close(passage);
    owner(undefined);
  }

  #wait(passage: Passage, ms: number): void {
    this.#context.deadlines.move(passage.deadline, Math.min(passage.expiresMs, this.#context.now.monoMs + ms));
  }

  /** Hands the request to the next hop, or answers it when this node is the root. */
  #advance(passage: Passage): void {
    passage.acknowledged = false;
    const hop = this.#firstHop(passage) ?? this.#nextHop(passage);
    if (hop !== undefined) this.#forward(passage, hop);
    else if (this.#context.isServing && !this.#isCloserTried(passage) && !this.#isCloserDoubted(passage)) this.#answer(passage);
    else if (passage.owner !== undefined && passage.message.purpose === 'join') this.#giveUp(passage, passage.owner);
    else {
      passage.tried.clear();
      this.#wait(passage, busyMs * Math.min(anewFactorMax, 2 ** passage.rounds++));
    }
  }

  #firstHop(passage: Passage): Peer | undefined {
    const { via } = passage;
    return via !== undefined && passage.sends === 0 ? via : undefined;
  }

  #forward(passage: Passage, hop: Peer): void {
    const { message } = passage;
    const { monoMs } = this.#context.now;
    const step: Hop = hop.rttMeanMs < 0 ? { id: hop.id } : { id: hop.id, rttMs: hop.rttMeanMs };
    passage.hop = hop;
    passage.sentMs = monoMs;
    passage.sends++;
    this.#context.send(hop, {
      ...message,
      ttl: message.ttl - 1,
      remainingMs: passage.expiresMs - monoMs,
      path: message.purpose === 'lookup' ? [...message.path, step] : [],
      contacts: message.purpose === 'join' ? this.#withOwnRow(message) : message.contacts,
    });
    this.#wait(passage, this.#context.hopAckMs(hop));
  }

  #withOwnRow(message: RouteMessage): readonly Contact[] {
    if (!this.#context.isServing) return message.contacts;
    const { table, self } = this.#context;
    const own: Contact[] = [self];
    for (const peer of table.row(sharedPrefixLength(self.id, message.key))) {
      if (own.length >= contactsPerHop) break;
      if (this.#context.isUsable(peer)) own.push(peer.contact);
    }
    return [...message.contacts, ...own].slice(0, contactsMax);
  }

  #answer(passage: Passage): void {
    const { message } = passage;
    this.#close(passage);
    const reply = this.#replyTo(message);
    if (passage.owner !== undefined) passage.owner(reply);
    else {
      if (message.purpose === 'lookup') this.#replies.add(passage.requestKey, reply, passage.expiresMs);
      this.#sendBack(passage, reply);
    }
  }

  #replyTo(message: RouteMessage): RouteReplyMessage {
    const { id, incarnation } = this.#context.self;
    return {
      type: 'routeReply',
      request: briefly(message.request),
      ...(!this.#isProbed(message) && { root: brief(id) }),
      incarnation,
      replicaSet: this.#replicaSetFor(message),
      path: message.path,
      contacts: message.purpose === 'join' ? this.#withOwnRow(message) : [],
    };
  }

  /** Whether this is the very node that a probe asks for. */
  #isProbed({ purpose, key }: RouteMessage): boolean {
    return purpose === 'probe' && key.equals(probeKey(this.#context.self.id));
  }

  #replicaSetFor({ purpose, key, rank }: RouteMessage): readonly Contact[] {
    const { leafSet, self, config } = this.#context;
    if (purpose === 'probe') return [];
    if (purpose === 'merge') return [self];
    if (purpose === 'join') return this.#beside(key);
    const closest = leafSet.replicaSet(key, Math.max(1, Math.min(rank ?? config.replicaSetRank, config.replicaSetRank)));
    return closest.some(({ id }) => id.equals(self.id)) ? closest : [self, ...closest.slice(1)];
  }

  #beside(key: Id): readonly Contact[] {
    const { leafSet, config } = this.#context;
    const around = [...leafSet.replicaSet(key, config.leafSetSize + 1)].sort((a, b) => compareClockwise(key, a.id, b.id));
    return around.length <= 2 * besideJoiner ? around : [...around.slice(0, besideJoiner), ...around.slice(-besideJoiner)];
  }

  /**
   * Over an open connection to the origin, else back the way the request came; by dialling the origin only when that is cut, and when
   * the request says how.
   */
  #sendBack(passage: Passage, reply: RouteReplyMessage): void {
    const { request, origin: contact } = passage.message;
    const origin = this.#context.peers.get(request.origin);
    const { from } = passage;
    const to = origin?.connected ? origin : from;
    if (passage.owed === to) passage.owed = undefined;
    if (to?.connected) this.#context.send(to, reply);
    else if (contact !== undefined) this.#context.output({ type: 'send', to: contact, message: reply });
  }

  #nextHop(passage: Passage): Peer | undefined {
    const { key, request, purpose } = passage.message;
    const isJoin = purpose === 'join';
    const accepts = (peer: Peer): boolean =>
      this.#context.isHop(peer) && !passage.tried.has(peer) && peer !== passage.from && !(isJoin && peer.id.equals(request.origin));
    // Background traffic makes no connection as long as an open one leads on; a user's lookup does when that spares a hop.
    const first = purpose === 'lookup' ? this.#lookupHop(passage, accepts) : this.#hops.closestConnected(key, accepts);
    return first ?? this.#hops.closest(key, accepts) ?? this.#hops.relay(key, accepts);
  }

  #lookupHop({ message: { key }, tried }: Passage, accepts: (peer: Peer) => boolean): Peer | undefined {
    return tried.size >= gamblesMax ? this.#hops.closestWatched(key, accepts) : this.#hops.soonest(key, accepts);
  }

  /** Whether a live node closer to the key refused: then this node is not the root, however much it has tried. */
  #isCloserTried(passage: Passage): boolean {
    const { self } = this.#context;
    for (const peer of passage.tried.keys()) {
      if (!peer.isLeaf || !this.#context.isHop(peer)) continue;
      if (isCloser(passage.message.key, peer.id, self.id)) return true;
    }
    return false;
  }

  /**
   * Whether a member closer to the key may have failed or not: until its verification has ended nobody knows whether this node is
   * the root in its place. A missed acknowledgement alone is as likely a lost packet, and the key would have two roots (MSPastry
   * section 3.2 does not deliver before the verdict either). Nor is it the root in place of a member that others reach.
   */
  #isCloserDoubted({ message }: Passage): boolean {
    if (message.purpose === 'join') return false;
    const { self, leafSet } = this.#context;
    const isDoubted = (peer: Peer): boolean => peer.isCounted && (peer.relayed || (peer.suspected && peer.isQuestioned));
    return leafSet.members.some((peer) => isDoubted(peer) && isCloser(message.key, peer.id, self.id));
  }

  #refusal(from: Peer, message: RouteMessage): RouteRefusedMessage['reason'] | undefined {
    const { self, status, isServing, config } = this.#context;
    if (this.#passages.size >= config.tableEntriesMax) return 'busy';
    if (self.role !== 'full' || status === 'joining') return this.isCommitting ? 'busy' : 'not-active';
    if (message.remainingMs <= 0) return 'late';
    if (message.ttl <= 0) return 'ttl';
    // The origin's own choice of a first hop need not be progress, nor that of a node that is on its way out.
    const isFirstHop = from.id.equals(message.request.origin);
    const needsProgress = isServing && !isFirstHop && from.status !== 'leaving';
    if (!needsProgress || isCloser(message.key, self.id, from.id)) return undefined;
    return this.#hops.canRelay(from, message.key) ? undefined : 'no-progress';
  }

  #refuse(from: Peer, message: RouteMessage, reason: RouteRefusedMessage['reason']): void {
    const { leafSet, config } = this.#context;
    const members = reason === 'no-progress' ? leafSet.replicaSet(message.key, config.replicaSetRank) : [];
    this.#context.send(from, { type: 'routeRefused', request: briefly(message.request), reason, members });
  }

  #acknowledge(to: Peer, request: RequestId): void {
    this.#context.send(to, { type: 'routeAck', request: briefly(request) });
  }

  /** A request that began here came round to this node: then it is the root itself, or the way makes no progress. */
  #onHomecoming(passage: Passage, owner: RouteOwner, from: Peer, message: RouteMessage): void {
    if (!this.#context.isServing || this.#hops.closest(message.key, (peer) => this.#context.isHop(peer)) !== undefined) {
      this.#refuse(from, message, 'no-progress');
      return;
    }
    this.#acknowledge(from, message.request);
    this.#close(passage);
    owner(this.#replyTo(message));
  }

  /** The acknowledgement was lost, or the origin tries again because what came after it was; or the request was handed on and comes back. */
  #onDuplicate(passage: Passage, from: Peer, message: RouteMessage): void {
    if (this.#refusal(from, message) === 'no-progress') {
      this.#refuse(from, message, 'no-progress');
      return;
    }
    this.#acknowledge(from, passage.message.request);
    passage.from = from;
    if (passage.acknowledged) this.#advance(passage);
  }
}

/**
 * Where a probe for this node is routed to: of 32 bytes of the id these 10 lead to it as surely, and nobody can make an id that shares
 * them.
 */
export function probeKey(id: Id): Id {
  return Id.startingWith(id.hex.slice(0, probeDigits));
}

/** The contact of the root that a reply names. */
export function rootOf({ root, replicaSet }: RouteReplyMessage): Contact | undefined {
  return root && replicaSet.find(({ id }) => isNamed(root, id));
}

function originOf({ request }: RouteMessage): NodeLife {
  return { id: request.origin, incarnation: request.incarnation };
}

/** The request as what comes back on it names it. */
function briefly(request: RequestId): RequestId {
  return { ...request, origin: brief(request.origin) };
}
