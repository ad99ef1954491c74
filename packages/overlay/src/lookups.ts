import type { Contact } from './contact.ts';
import type { Context } from './context.ts';
import type { Deadline } from './deadlines.ts';
import type { Id } from './id.ts';
import type { CommandRef, LookupResult, OverlayInput } from './io.ts';
import { IterativeLookup } from './iterative-lookup.ts';
import type { FindNextMessage, FindNextReplyMessage, Hop, RouteReplyMessage } from './messages.ts';
import type { Peer } from './peers.ts';
import { isCloser } from './ring.ts';
import { type Router, rootOf } from './router.ts';
import { SparseMap } from './sparse-map.ts';

/** Contacts in the answer to one step of an iterative lookup. */
const answerMax = 8;

type LookupCommand = Extract<OverlayInput, { readonly type: 'lookup' }>;

interface Lookup {
  readonly ref: CommandRef;
  readonly key: Id;
  /** How many of the nodes closest to the key it is to name. */
  readonly rank: number;
  readonly startedMs: number;
  readonly expiresMs: number;
  readonly deadline: Deadline;
  /** Of a recursive lookup. */
  routeKey: string | undefined;
  /** Of an iterative lookup: its state, and the counter that its questions carry. */
  iterative: { readonly query: IterativeLookup; readonly counter: number; readonly wake: Deadline } | undefined;
}

/** The lookups that a user of this node has asked for, and this node's answers to the iterative lookups of others. */
export class Lookups {
  readonly #context: Context;
  readonly #router: Router;
  readonly #byRef: SparseMap<CommandRef, Lookup> = new SparseMap();
  readonly #byCounter: SparseMap<number, Lookup> = new SparseMap();

  constructor(context: Context, router: Router) {
    this.#context = context;
    this.#router = router;
  }

  begin({ ref, key, mode, timeoutMs, rank = this.#context.config.replicaSetRank }: LookupCommand): void {
    if (this.#context.status === 'joining') {
      this.#context.output({ type: 'lookupDone', ref, result: { outcome: 'not-active' } });
      return;
    }
    if (this.#byRef.size >= this.#context.config.tableEntriesMax) {
      this.#context.output({ type: 'lookupDone', ref, result: { outcome: 'cancelled' } });
      return;
    }
    const startedMs = this.#context.now.monoMs;
    const deadline = this.#context.after(timeoutMs, { kind: 'lookup', ref });
    const lookup: Lookup = {
      ref,
      key,
      rank,
      startedMs,
      expiresMs: startedMs + timeoutMs,
      deadline,
      routeKey: undefined,
      iterative: undefined,
    };
    this.#byRef.set(ref, lookup);
    if (mode === 'iterative') this.#iterate(lookup);
    else this.#route(lookup);
  }

  cancel(ref: CommandRef): void {
    this.#end(ref, { outcome: 'cancelled' });
  }

  onTimer(ref: CommandRef): void {
    this.#end(ref, { outcome: 'timeout' });
  }

  onFindNextTimer(counter: number): void {
    const lookup = this.#byCounter.get(counter);
    if (lookup !== undefined) this.#continue(lookup);
  }

  onFindNext(from: Peer, message: FindNextMessage): void {
    const { key, request } = message;
    const { status, isServing, leafSet, config } = this.#context;
    const closer = this.#context.self.role === 'full' && status !== 'joining' ? this.#closerTo(key) : [];
    const isRoot = isServing && closer.length === 0;
    const contacts = isRoot ? leafSet.replicaSet(key, config.replicaSetRank) : closer;
    this.#context.send(from, { type: 'findNextReply', request, status, isRoot, contacts });
  }

  onFindNextReply(from: Peer, message: FindNextReplyMessage): void {
    const lookup = this.#byCounter.get(message.request.counter);
    if (lookup?.iterative === undefined) return;
    if (message.status === 'joining') lookup.iterative.query.onFailure(from.id);
    else lookup.iterative.query.onSuccess(from.id, message.isRoot, message.contacts, this.#context.now.monoMs);
    for (const contact of message.contacts) this.#context.learn(contact);
    this.#continue(lookup);
  }

  /** The peer cannot be reached. */
  onLost(peer: Peer): void {
    for (const lookup of [...this.#byCounter.values()]) {
      lookup.iterative?.query.onFailure(peer.id);
      this.#continue(lookup);
    }
  }

  #route(lookup: Lookup): void {
    const timeoutMs = lookup.expiresMs - this.#context.now.monoMs;
    const request = { purpose: 'lookup', key: lookup.key, rank: lookup.rank, timeoutMs } as const;
    const routeKey = this.#router.originate(request, (reply) => this.#onReply(lookup, reply));
    if (this.#byRef.has(lookup.ref)) lookup.routeKey = routeKey;
  }

  #onReply(lookup: Lookup, reply: RouteReplyMessage | undefined): void {
    const root = reply && rootOf(reply);
    if (reply === undefined || root === undefined) this.#end(lookup.ref, { outcome: 'timeout' });
    else this.#found(lookup, root, reply.replicaSet, reply.path);
  }

  #iterate(lookup: Lookup): void {
    const closer = this.#closerTo(lookup.key);
    const { isServing, self, leafSet, config } = this.#context;
    if (isServing && closer.length === 0) {
      this.#found(lookup, self, leafSet.replicaSet(lookup.key, config.replicaSetRank), []);
      return;
    }
    const counter = this.#context.nextCounter();
    const wake = this.#context.deadlines.set({ kind: 'findNext', counter }, lookup.expiresMs);
    lookup.iterative = { query: new IterativeLookup(lookup.key, closer), counter, wake };
    this.#byCounter.set(counter, lookup);
    this.#continue(lookup);
  }

  #continue(lookup: Lookup): void {
    const { iterative } = lookup;
    if (iterative === undefined) return;
    const { self, now } = this.#context;
    for (;;) {
      const step = iterative.query.next(now.monoMs, (contact) => this.#timeoutMs(contact));
      if (step.type === 'ask') {
        const request = { origin: self.id, incarnation: self.incarnation, counter: iterative.counter };
        this.#context.send(this.#context.peers.meet(step.contact), { type: 'findNext', request, key: lookup.key });
        continue;
      }
      if (step.type === 'wait') this.#context.deadlines.move(iterative.wake, Math.min(step.untilMs, lookup.expiresMs));
      else {
        this.#endIterative(lookup);
        // What nobody along the way could say, the ring itself may: it reroutes around whatever failed here.
        if (step.type === 'exhausted') this.#route(lookup);
        else this.#found(lookup, step.root, step.replicaSet, step.path);
      }
      return;
    }
  }

  #timeoutMs(contact: Contact): number {
    const peer = this.#context.peers.get(contact.id);
    return peer === undefined ? this.#context.config.hopAckMsInitial : this.#context.hopAckMs(peer);
  }

  /** Whom to ask about the key, closest first: nobody when this node is its root. */
  #closerTo(key: Id): readonly Contact[] {
    const closer = this.#hopsTo(key);
    return closer.length > 0 || !this.#context.isServing ? closer : this.#unheardTo(key);
  }

  /**
   * Members closer to the key of which this node has no word: it doubts that they live, or only others reach them. Were it to call
   * itself the root in their place, the key would have two; whoever asks may hear from them.
   */
  #unheardTo(key: Id): readonly Contact[] {
    const { leafSet, self } = this.#context;
    const unheard = leafSet.members.filter((peer) => (peer.suspected || peer.relayed) && peer.isCounted && isCloser(key, peer.id, self.id));
    return closestFirst(
      key,
      unheard.map(({ contact }) => contact),
    );
  }

  /** The closest contacts that are closer to the key than this node (any, when it cannot be the root itself). */
  #hopsTo(key: Id): readonly Contact[] {
    const { leafSet, table, self, isServing } = this.#context;
    const closer: Contact[] = [];
    const taken = new Set<Peer>();
    const offer = (peer: Peer): void => {
      if (taken.has(peer) || !this.#context.isHop(peer) || (isServing && !isCloser(key, peer.id, self.id))) return;
      taken.add(peer);
      closer.push(peer.contact);
    };
    for (const member of leafSet.members) offer(member);
    const best = table.closest(key, undefined, (peer) => this.#context.isHop(peer));
    if (best !== undefined) offer(best);
    for (const peer of table.cellOf(key)) offer(peer);
    return closestFirst(key, closer);
  }

  #found(lookup: Lookup, root: Contact, replicaSet: readonly Contact[], path: readonly Hop[]): void {
    for (const contact of replicaSet) this.#context.learn(contact);
    const elapsedMs = this.#context.now.monoMs - lookup.startedMs;
    this.#end(lookup.ref, { outcome: 'found', root, replicaSet: replicaSet.slice(0, lookup.rank), path, elapsedMs });
  }

  #end(ref: CommandRef, result: LookupResult): void {
    const lookup = this.#byRef.get(ref);
    if (lookup === undefined) return;
    this.#byRef.delete(ref);
    this.#context.deadlines.cancel(lookup.deadline);
    this.#endIterative(lookup);
    if (lookup.routeKey !== undefined) this.#router.abandon(lookup.routeKey);
    this.#context.output({ type: 'lookupDone', ref, result });
  }

  #endIterative(lookup: Lookup): void {
    if (lookup.iterative === undefined) return;
    this.#context.deadlines.cancel(lookup.iterative.wake);
    this.#byCounter.delete(lookup.iterative.counter);
    lookup.iterative = undefined;
  }
}

function closestFirst(key: Id, contacts: readonly Contact[]): readonly Contact[] {
  return [...contacts].sort((a, b) => (isCloser(key, a.id, b.id) ? -1 : 1)).slice(0, answerMax);
}
