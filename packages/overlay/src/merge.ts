import type { Contact } from './contact.ts';
import type { Context } from './context.ts';
import type { Deadline, Timer } from './deadlines.ts';
import type { Membership } from './membership.ts';
import type { RouteReplyMessage } from './messages.ts';
import type { Peer } from './peers.ts';
import type { Remembered } from './remembered.ts';
import { type Router, rootOf } from './router.ts';
import { SparseSet } from './sparse-set.ts';
import type { Verifications } from './verification.ts';

const mergeTimer: Timer = { kind: 'merge' };

/** A lookup through a contact that may be dead takes no longer than this. */
const lookupMs = 5000;
/** Foreign nodes whose answer is awaited at most. */
const foreignMax = 16;
/** One contact between two rings is enough to unify them, so in a ring of more nodes than this each of them looks less often. */
const nodesAtFullPace = 100;
const slownessMax = 20;
/** After the loss of most members the first look comes this soon, and each next one after twice as long, up to the usual pause. */
const quickMs = 2000;
/** With fewer contacts than this in the routing table the remembered ones go back into it. */
const contactsWanted = 4;

/**
 * Finds other rings of the same network and unifies them with this one (after Shafaat, Ghodsi and Haridi 2007). Every node looks
 * up its own id through a remembered contact; a root that is not this node itself belongs to another ring. It becomes a
 * neighbour, and from there the two rings close like a zip, each new neighbour being asked for its leaf set.
 */
export class Merge {
  readonly #context: Context;
  readonly #router: Router;
  readonly #membership: Membership;
  readonly #verifications: Verifications;
  readonly #remembered: Remembered;
  readonly #foreign: SparseSet<Peer> = new SparseSet();
  #deadline: Deadline | undefined;
  /** The pause before the next look is no longer than this. */
  #msMax: number = Number.POSITIVE_INFINITY;
  /** How many members there were at most since the last time that most of them were lost. */
  #membersMax = 0;

  constructor(context: Context, router: Router, membership: Membership, verifications: Verifications, remembered: Remembered) {
    this.#context = context;
    this.#router = router;
    this.#membership = membership;
    this.#verifications = verifications;
    this.#remembered = remembered;
  }

  begin(): void {
    const slowness = Math.min(slownessMax, Math.max(1, this.#context.leafSet.estimatedSize() / nodesAtFullPace));
    const pauseMs = Math.min(this.#msMax, this.#context.config.mergeMs * slowness);
    this.#deadline = this.#context.after(this.#context.jittered(pauseMs), mergeTimer);
  }

  /** When half of the members are gone this node may be cut off from the others, often for no more than some seconds. */
  onLeafSetChanged(): void {
    const { size } = this.#context.leafSet;
    this.#membersMax = Math.max(this.#membersMax, size);
    if (2 * size > this.#membersMax) return;
    this.#membersMax = size;
    if (this.#deadline === undefined) return;
    this.#context.deadlines.cancel(this.#deadline);
    this.#msMax = quickMs;
    this.begin();
  }

  onTimer(): void {
    this.#msMax *= 2;
    this.begin();
    if (this.#context.table.size < contactsWanted) for (const contact of this.#remembered.contacts()) this.#context.learn(contact);
    const contact = this.#remembered.pick();
    if (contact !== undefined) this.through(contact);
  }

  /** Looks through this contact for a ring that is not this node's. */
  through(contact: Contact): void {
    const via = this.#membership.meet(contact);
    const request = { purpose: 'merge', key: this.#context.self.id, timeoutMs: lookupMs, via } as const;
    this.#router.originate(request, (reply) => this.#onReply(reply));
  }

  /** A foreign root answered for itself: from it outward the rings are unified. */
  onAlive(peer: Peer): void {
    if (!this.#foreign.delete(peer) || !peer.isLeaf) return;
    this.#context.emit({ type: 'merged', with: peer.id });
    this.#membership.exchange.sendList(peer, 'compare');
  }

  #onReply(reply: RouteReplyMessage | undefined): void {
    const contact = reply && rootOf(reply);
    if (contact === undefined) return;
    this.#context.learn(contact);
    if (!this.#context.isServing || this.#context.isSelf(contact.id)) return;
    const root = this.#membership.meet(contact);
    if (root.isLeaf || !this.#context.leafSet.fits(root.id)) return;
    if (this.#foreign.size >= foreignMax) this.#foreign.clear();
    this.#foreign.add(root);
    this.#verifications.start(root, 'candidate', { routed: false, delayMs: 0 });
  }
}
