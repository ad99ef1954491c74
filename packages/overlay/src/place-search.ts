import type { Contact } from './contact.ts';
import type { Context } from './context.ts';
import type { Membership } from './membership.ts';
import type { RouteReplyMessage } from './messages.ts';
import type { Peer } from './peers.ts';
import type { Remembered } from './remembered.ts';
import { requestKeyOf } from './request-key.ts';
import type { Router } from './router.ts';
import { SparseSet } from './sparse-set.ts';

/** Ways into the ring that are tried in one attempt: so many of those given, and so many of those remembered. */
const entriesMax = 2;
/** Ways in that were given and are kept at most. */
const givenMax = 256;
/** Searches given up whose answers may still come, at most. */
const overdueMax = 64;

/** Told of the reply, or with nothing that the last search under way has failed. */
export type SearchListener = (reply: RouteReplyMessage | undefined) => void;

/** Asks the ring for this node's place in it: for the root of its own id, through one member that is known after the other. */
export class PlaceSearch {
  readonly #context: Context;
  readonly #router: Router;
  readonly #membership: Membership;
  readonly #remembered: Remembered;
  readonly #onEnd: SearchListener;
  #given: readonly Contact[] = [];
  /** Whom this attempt goes through, and those of them that have not been tried. */
  #ways: readonly Peer[] = [];
  #waysLeft: readonly Peer[] = [];
  /** Who was active already when an attempt through it failed: to hear more of it is no reason to hurry. */
  #exhausted: readonly Peer[] = [];
  readonly #underWay: SparseSet<string> = new SparseSet();
  /** Searches that were given up: what they find is as good when it comes late. */
  #overdue: readonly string[] = [];

  constructor(context: Context, router: Router, membership: Membership, remembered: Remembered, onEnd: SearchListener) {
    this.#context = context;
    this.#router = router;
    this.#membership = membership;
    this.#remembered = remembered;
    this.#onEnd = onEnd;
  }

  get hasOthers(): boolean {
    return this.#waysLeft.length > 0;
  }

  /** Ways in, from the driver. */
  add(contacts: readonly Contact[]): void {
    const others = this.#given.filter((contact) => !contacts.some(({ id }) => id.equals(contact.id)));
    this.#given = [...contacts, ...others].slice(0, givenMax);
  }

  /** A new attempt, through some of these and of the remembered. Gives how many ways in there are. */
  begin(contacts: readonly Contact[] = this.#given): number {
    this.abandon();
    this.#ways = this.#choose(contacts).map((contact) => this.#membership.meet(contact));
    this.#waysLeft = this.#ways;
    return this.#ways.length;
  }

  /** Tries the next way in; what those before answer still counts. */
  goOn(timeoutMs: number): void {
    const [via, ...left] = this.#waysLeft;
    if (via === undefined) return;
    this.#waysLeft = left;
    const request = { purpose: 'join', key: this.#context.self.id, timeoutMs, via } as const;
    const search: string = this.#router.originate(request, (reply) => {
      this.#underWay.delete(search);
      if (reply !== undefined) this.#onEnd(reply);
      else {
        this.#giveUp([search]);
        if (this.#underWay.size === 0) this.#onEnd(undefined);
      }
    });
    this.#underWay.add(search);
  }

  isOverdue(reply: RouteReplyMessage): boolean {
    return this.#overdue.includes(requestKeyOf(reply.request));
  }

  isExhausted(peer: Peer): boolean {
    return this.#exhausted.includes(peer);
  }

  /** The attempt failed: these and the ways in led nowhere. */
  exhaust(candidates: Iterable<Peer>): void {
    this.#exhausted = [...this.#ways, ...candidates].filter((peer) => peer.isActive);
  }

  abandon(): void {
    for (const search of this.#underWay) this.#router.abandon(search);
    this.#giveUp([...this.#underWay]);
    this.#underWay.clear();
  }

  /** The join has ended. */
  end(): void {
    this.abandon();
    this.#overdue = [];
    this.#exhausted = [];
    this.#ways = [];
    this.#waysLeft = [];
  }

  #giveUp(searches: readonly string[]): void {
    this.#overdue = [...this.#overdue, ...searches].slice(-overdueMax);
  }

  /** Random ones, so that many joiners do not all enter through the same node. */
  #choose(contacts: readonly Contact[]): readonly Contact[] {
    const given = this.#some(contacts);
    const others = this.#remembered.contacts().filter((contact) => !given.some(({ id }) => id.equals(contact.id)));
    return [...given, ...this.#some(others)];
  }

  #some(contacts: readonly Contact[]): readonly Contact[] {
    const usable = contacts.filter((contact) => contact.role === 'full' && !this.#context.isSelf(contact.id));
    return this.#context.rotated(usable).slice(0, entriesMax);
  }
}
