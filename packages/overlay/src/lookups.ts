import type { Context } from './context.ts';
import type { Deadline } from './deadlines.ts';
import type { Id } from './id.ts';
import type { CommandRef, LookupMode, LookupResult } from './io.ts';
import type { RouteReplyMessage } from './messages.ts';
import type { Router } from './router.ts';

interface Lookup {
  readonly ref: CommandRef;
  readonly startedMs: number;
  routeKey: string | undefined;
  readonly deadline: Deadline;
}

/** The lookups that a user of this node has asked for. */
export class Lookups {
  readonly #context: Context;
  readonly #router: Router;
  readonly #byRef: Map<CommandRef, Lookup> = new Map();

  constructor(context: Context, router: Router) {
    this.#context = context;
    this.#router = router;
  }

  begin(ref: CommandRef, key: Id, _mode: LookupMode, timeoutMs: number): void {
    if (this.#context.status === 'joining') {
      this.#context.output({ type: 'lookupDone', ref, result: { outcome: 'not-active' } });
      return;
    }
    const deadline = this.#context.after(timeoutMs, { kind: 'lookup', ref });
    const lookup: Lookup = { ref, startedMs: this.#context.now.monoMs, routeKey: undefined, deadline };
    this.#byRef.set(ref, lookup);
    const routeKey = this.#router.originate({ purpose: 'lookup', key, timeoutMs }, (reply) => this.#onReply(lookup, reply));
    lookup.routeKey = routeKey;
  }

  cancel(ref: CommandRef): void {
    this.#end(ref, { outcome: 'cancelled' });
  }

  onTimer(ref: CommandRef): void {
    this.#end(ref, { outcome: 'timeout' });
  }

  #onReply(lookup: Lookup, reply: RouteReplyMessage | undefined): void {
    if (reply === undefined) {
      this.#end(lookup.ref, { outcome: 'timeout' });
      return;
    }
    const { root, replicaSet, path } = reply;
    for (const contact of replicaSet) this.#context.learn(contact);
    const elapsedMs = this.#context.now.monoMs - lookup.startedMs;
    this.#end(lookup.ref, { outcome: 'found', root, replicaSet, path, elapsedMs });
  }

  #end(ref: CommandRef, result: LookupResult): void {
    const lookup = this.#byRef.get(ref);
    if (lookup === undefined) return;
    this.#byRef.delete(ref);
    this.#context.deadlines.cancel(lookup.deadline);
    if (lookup.routeKey !== undefined) this.#router.abandon(lookup.routeKey);
    this.#context.output({ type: 'lookupDone', ref, result });
  }
}
