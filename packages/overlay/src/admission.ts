import type { Contact } from './contact.ts';
import type { Context } from './context.ts';
import type { Deadline } from './deadlines.ts';
import type { Id } from './id.ts';
import type { Membership } from './membership.ts';
import type { JoinCommitMessage, JoinCommittedMessage, JoinRefusedMessage, JoinRequestMessage } from './messages.ts';
import type { Peer } from './peers.ts';
import { inArc } from './ring.ts';
import { SparseMap } from './sparse-map.ts';

/** Joiners that wait for the grant of one gap at most; the others come again. */
const waitingMax = 64;
/** A refused joiner comes again after about this long, unless it gets the grant before. */
const busyRetryMs = 400;

interface Grant {
  readonly joiner: Peer;
  readonly attempt: number;
  readonly token: number;
  /** The other end of the gap; absent when this node is alone. */
  readonly successor: Peer | undefined;
  readonly deadline: Deadline;
  /** Whether the successor was given the commit. */
  isPassedOn: boolean;
  /** Whether its word went to the joiner through this node, because the two may not reach each other. */
  isBetween: boolean;
}

/** A joiner that was let in and is not active yet. */
interface Admitted {
  readonly joiner: Peer;
  readonly predecessor: Peer;
  readonly token: number;
  /** Whether it was not connected then, and is told through the predecessor as well. */
  readonly isApart: boolean;
  readonly deadline: Deadline;
}

/**
 * The gatekeeper of the gap behind this node. Two joiners that enter one gap at the same time are what splits published Pastry
 * (Lu, Merz and Weidenbach 2011; Azmy, Merz and Weidenbach 2018), so one at a time holds a grant, and each end of the gap
 * compares its neighbour pointer before it lets the joiner in.
 */
export class Admission {
  readonly #context: Context;
  readonly #membership: Membership;
  #grant: Grant | undefined;
  readonly #waiting: SparseMap<Peer, number> = new SparseMap();
  /** Joiners that this node let in as their successor and that are not active yet. */
  readonly #admitted: SparseMap<string, Admitted> = new SparseMap();

  constructor(context: Context, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
  }

  onRequest(joiner: Peer, message: JoinRequestMessage): void {
    if (joiner.contact.role !== 'full') return;
    if (this.#grant?.joiner === joiner && this.#grant.attempt === message.attempt) {
      this.#sendGrant(this.#grant);
      return;
    }
    const waitsAlready = this.#waiting.get(joiner) === message.attempt;
    this.#forget(joiner);
    if (!this.#context.isOnRing) this.#refuse(joiner, message.attempt, 'not-active', busyRetryMs);
    else if (!this.#isInGap(joiner)) this.#refuse(joiner, message.attempt, 'stale', 0);
    else if (this.#grant === undefined) this.#give(joiner, message.attempt);
    else {
      if (this.#waiting.size < waitingMax) this.#waiting.set(joiner, message.attempt);
      this.#refuse(joiner, message.attempt, 'busy', this.#context.jittered(busyRetryMs), waitsAlready ? [] : this.#members());
    }
  }

  /** From a joiner, as its predecessor; from a predecessor, as the joiner's successor. */
  onCommit(from: Peer, message: JoinCommitMessage): void {
    if (from.id.equals(message.joiner.id)) this.#commitBehind(from, message);
    else this.#commitBefore(from, message);
  }

  /**
   * What is said where two of the three do not reach each other. Successor → predecessor → joiner: it is let in. The same way back, when
   * the joiner is active and would not be heard. False when it is not about a joiner of this node's.
   */
  onCommitted(from: Peer, message: JoinCommittedMessage): boolean {
    const grant = this.#grant;
    if (grant?.isPassedOn === true && grant.token === message.token) {
      if (from === grant.successor) {
        grant.isBetween = true;
        this.#context.send(grant.joiner, message);
        return true;
      }
      if (from === grant.joiner) {
        this.#believe(from);
        return true;
      }
    }
    for (const { joiner, predecessor, token } of this.#admitted.values()) {
      if (predecessor !== from || token !== message.token) continue;
      this.#believe(joiner);
      return true;
    }
    return false;
  }

  /** A joiner said that it is active now: the gap is free for the next one. */
  onActive(joiner: Peer): void {
    joiner.isAdmitted = false;
    if (this.#admitted.size > 0) this.#forgetAdmitted(joiner);
    const grant = this.#grant;
    if (grant?.joiner !== joiner) return;
    // It need not ask first whether the joiner lives, as it would when it hears from others.
    if (grant.isBetween && grant.successor !== undefined) this.#sendCommitted(grant.successor, grant);
    this.#free();
  }

  /** There is no connection to the joiner. That is no reason to give it up when there was none before. */
  onUnheard(joiner: Peer): void {
    if (!joiner.relayed && this.#admitted.get(joiner.id.hex)?.isApart !== true) this.#onLost(joiner);
  }

  /**
   * The other end of the gap is dead. A joiner whose commit it was given would wait for its word in vain, and all requests for the
   * joiner's keys with it.
   */
  onSuccessorFailed(successor: Peer): void {
    const grant = this.#grant;
    if (grant?.isPassedOn !== true || grant.successor !== successor) return;
    this.#refuse(grant.joiner, grant.attempt, 'stale', 0, []);
    this.#forget(grant.joiner);
  }

  onGrantTimer(): void {
    const joiner = this.#grant?.joiner;
    if (joiner?.isOnRing === true) this.onActive(joiner);
    else if (joiner !== undefined) this.#onLost(joiner);
  }

  onAdmittedTimer(id: Id): void {
    const joiner = this.#admitted.get(id.hex)?.joiner;
    this.#admitted.delete(id.hex);
    if (joiner !== undefined && !joiner.isOnRing) this.#membership.remove(joiner);
  }

  /** The joiner is gone, or begins anew. */
  #onLost(joiner: Peer): void {
    this.#waiting.delete(joiner);
    if (!joiner.isOnRing) this.#forget(joiner);
  }

  #commitBehind(joiner: Peer, message: JoinCommitMessage): void {
    const grant = this.#grant;
    if (grant === undefined || grant.joiner !== joiner || grant.token !== message.token) {
      this.#refuse(joiner, message.attempt, 'expired', 0);
      return;
    }
    const successor = this.#successorBut(joiner);
    // The joiner believes nobody but the successor it was told: of another gap it has to ask for another grant.
    if (!this.#context.isOnRing || successor !== grant.successor || !this.#isInGap(joiner)) {
      this.#refuse(joiner, message.attempt, this.#context.isOnRing ? 'stale' : 'not-active', 0);
      this.#free();
      return;
    }
    this.#makeRoom(joiner);
    if (successor === undefined) this.#letIn(joiner, message, joiner);
    else {
      grant.isPassedOn = true;
      this.#context.send(successor, { ...message, predecessor: this.#context.self });
    }
  }

  #commitBefore(predecessor: Peer, message: JoinCommitMessage): void {
    const joiner = this.#membership.meet(message.joiner);
    if (joiner.contact.incarnation !== message.joiner.incarnation) return;
    this.#membership.evidence(predecessor);
    const isAgreed = this.#predecessorBut(joiner) === predecessor && inArc(joiner.id, predecessor.id, this.#context.self.id);
    if (this.#context.isOnRing && isAgreed) {
      this.#letIn(joiner, message, predecessor);
      // It asked its nearest neighbours before it committed: without a connection to this one it will hardly get one.
      if (!joiner.connected) this.#sendCommitted(predecessor, message);
    } else this.#refuse(joiner, message.attempt, this.#context.isOnRing ? 'stale' : 'not-active', 0);
  }

  #letIn(joiner: Peer, message: JoinCommitMessage, predecessor: Peer): void {
    this.#makeRoom(joiner);
    const { hex } = joiner.id;
    const deadline =
      this.#admitted.get(hex)?.deadline ?? this.#context.after(this.#context.config.grantMs, { kind: 'admitted', id: joiner.id });
    this.#admitted.set(hex, { joiner, predecessor, token: message.token, isApart: !joiner.connected, deadline });
    this.#sendCommitted(joiner, message);
  }

  /** Others have heard that it is active, and this node cannot. */
  #believe(joiner: Peer): void {
    this.#membership.onStatus(joiner, 'active');
    if (!joiner.connected) this.#membership.vouched(joiner);
    this.onActive(joiner);
  }

  #sendCommitted(to: Peer, { attempt, token }: { readonly attempt: number; readonly token: number }): void {
    this.#context.send(to, { type: 'joinCommitted', attempt, token });
  }

  /** From here on the joiner's arc is its own. */
  #makeRoom(joiner: Peer): void {
    joiner.isAdmitted = !joiner.isOnRing;
    this.#membership.insert(joiner);
  }

  #give(joiner: Peer, attempt: number): void {
    const token = this.#context.nextCounter();
    const { grantMs } = this.#context.config;
    const successor = this.#successorBut(joiner);
    const deadline = this.#context.after(grantMs, { kind: 'grant' });
    this.#grant = { joiner, attempt, token, successor, deadline, isPassedOn: false, isBetween: false };
    this.#sendGrant(this.#grant);
  }

  #sendGrant({ joiner, attempt, token, successor, deadline }: Grant): void {
    const { self, now, deadlines } = this.#context;
    const contact = successor?.contact ?? self;
    const deadlineMs = deadlines.timeOf(deadline) - now.monoMs;
    this.#context.send(joiner, { type: 'joinGrant', attempt, token, successor: contact, deadlineMs, members: this.#members() });
  }

  /** Ends the grant and serves those who wait: the first still in the gap gets it, those elsewhere are sent there. */
  #free(): void {
    if (this.#grant !== undefined) this.#context.deadlines.cancel(this.#grant.deadline);
    this.#grant = undefined;
    for (const [joiner, attempt] of this.#waiting) {
      const inGap = this.#isInGap(joiner);
      if (inGap && this.#grant !== undefined) continue;
      this.#waiting.delete(joiner);
      if (inGap) this.#give(joiner, attempt);
      else this.#refuse(joiner, attempt, 'stale', 0);
    }
  }

  /** Takes back whatever an earlier attempt of this joiner left behind. */
  #forget(joiner: Peer): void {
    this.#forgetAdmitted(joiner);
    if (!joiner.isOnRing) this.#membership.remove(joiner);
    if (this.#grant?.joiner === joiner) this.#free();
  }

  #forgetAdmitted(joiner: Peer): void {
    const admitted = this.#admitted.get(joiner.id.hex);
    if (admitted !== undefined) this.#context.deadlines.cancel(admitted.deadline);
    this.#admitted.delete(joiner.id.hex);
  }

  /** Whether the joiner belongs between this node and its successor. */
  #isInGap(joiner: Peer): boolean {
    const { self } = this.#context;
    const successor = this.#successorBut(joiner);
    return successor === undefined || inArc(joiner.id, self.id, successor.id);
  }

  #successorBut(joiner: Peer): Peer | undefined {
    return this.#context.leafSet.members.find((peer) => peer !== joiner);
  }

  #predecessorBut(joiner: Peer): Peer | undefined {
    return this.#context.leafSet.members.findLast((peer) => peer !== joiner);
  }

  #members(): readonly Contact[] {
    const { leafSet, self } = this.#context;
    return [self, ...leafSet.contacts()];
  }

  #refuse(
    joiner: Peer,
    attempt: number,
    reason: JoinRefusedMessage['reason'],
    retryAfterMs: number,
    members: readonly Contact[] = this.#context.isOnRing ? this.#members() : [],
  ): void {
    const { previouslyActive } = this.#context;
    this.#context.send(joiner, { type: 'joinRefused', attempt, reason, retryAfterMs, members, previouslyActive });
  }
}
