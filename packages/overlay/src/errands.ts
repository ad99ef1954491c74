import type { Context } from './context.ts';
import type { Deadline } from './deadlines.ts';
import type { Id } from './id.ts';
import type { IndirectProbeMessage, IndirectReplyMessage } from './messages.ts';
import type { Peer } from './peers.ts';
import { SparseMap } from './sparse-map.ts';

/** Probes made for others at the same time at most. */
const errandsMax = 256;

interface Errand {
  readonly asker: Peer;
  readonly askerNonce: number;
  readonly target: Peer;
  readonly deadline: Deadline;
}

/**
 * Probes on behalf of others, who cannot or could not reach the target themselves. However recently it was heard from, it is
 * asked again: news of a failure travel faster than that.
 */
export class Errands {
  readonly #context: Context;
  readonly #byNonce: SparseMap<number, Errand> = new SparseMap();

  constructor(context: Context) {
    this.#context = context;
  }

  onRequest(asker: Peer, message: IndirectProbeMessage): void {
    const { nonce, contact } = message;
    const { id, incarnation } = message.target;
    if (this.#context.isSelf(id)) return;
    const { peers, failed, now } = this.#context;
    const target = contact?.id.equals(id) === true ? peers.meet(contact) : peers.get(id);
    const known = target?.contact.incarnation ?? Number.NEGATIVE_INFINITY;
    if (known > incarnation || failed.has(id, incarnation, now.monoMs)) this.#reply(asker, nonce, id, 'refused');
    else if (target === undefined || known < incarnation) this.#reply(asker, nonce, id, 'silent');
    else if (this.#byNonce.size < errandsMax) this.#probe(asker, nonce, target);
  }

  /** Whatever the target sends shows that it lives. */
  heard(target: Peer): void {
    if (this.#byNonce.size > 0) this.#finish(target.id, 'alive');
  }

  onRefused(target: Peer): void {
    if (this.#byNonce.size > 0) this.#finish(target.id, 'refused');
  }

  onTimer(nonce: number): void {
    const errand = this.#byNonce.get(nonce);
    if (errand === undefined) return;
    this.#byNonce.delete(nonce);
    this.#reply(errand.asker, errand.askerNonce, errand.target.id, 'silent');
  }

  #probe(asker: Peer, askerNonce: number, target: Peer): void {
    const nonce = this.#context.nextCounter();
    const deadline = this.#context.after(this.#context.rtoMs(target), { kind: 'errand', nonce });
    this.#byNonce.set(nonce, { asker, askerNonce, target, deadline });
    this.#context.send(target, { type: 'probe', nonce, status: this.#context.status });
  }

  #finish(target: Id, outcome: IndirectReplyMessage['outcome']): void {
    for (const [nonce, errand] of this.#byNonce) {
      if (!errand.target.id.equals(target)) continue;
      this.#byNonce.delete(nonce);
      this.#context.deadlines.cancel(errand.deadline);
      this.#reply(errand.asker, errand.askerNonce, target, outcome);
    }
  }

  #reply(to: Peer, nonce: number, target: Id, outcome: IndirectReplyMessage['outcome']): void {
    this.#context.send(to, { type: 'indirectReply', nonce, target, outcome });
  }
}
