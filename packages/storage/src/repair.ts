import { type Arc, type Contact, Id } from '@dht/overlay';
import { Reconciliation, type ReconciliationParts } from './reconciliation.ts';
import type { Responsibility } from './responsibility.ts';
import type { Surplus } from './surplus.ts';
import type { Sync } from './sync.ts';
import type { StorageDeadline } from './timer.ts';

export interface RepairParts extends ReconciliationParts {
  readonly own: Responsibility;
  readonly sync: Sync;
  readonly surplus: Surplus;
}

/** Reconciliations for no reason but time, or with nodes that came back, at the same time at most. */
const sessionsMax = 4;

/**
 * Repair is periodic and jittered, never a burst (Rhea et al. 2004, Bamboo): every period this node reconciles with one random neighbour of the
 * 2(r − 1) with which it shares an arc. That finds what no event told of: a write that failed unnoticed, a copy that was lost on a disk.
 */
export class Repair {
  private readonly parts: RepairParts;
  private readonly sessions = new Map<string, Reconciliation>();
  private timer: StorageDeadline | undefined;

  constructor(parts: RepairParts) {
    this.parts = parts;
  }

  start(): void {
    this.setTimer();
  }

  onTimer(): void {
    const { ctx, syncStates, sync, surplus } = this.parts;
    this.setTimer();
    if (ctx.overlay.status !== 'active') return;
    syncStates.announce();
    sync.review();
    surplus.round();
    const neighbours = ctx.overlay.neighbourSet(Math.max(1, ctx.config.replicas - 1));
    const neighbour = neighbours[Math.floor(ctx.random.next() * neighbours.length)];
    // What is not synced has a reconciliation of its own to come, perhaps a late one because a node may come back.
    if (neighbour !== undefined && this.parts.own.synced !== undefined) this.begin(this.parts.own.synced, neighbour, 'synced-members');
  }

  /** Compares all that this node is responsible for with the peer, soon. */
  reconcile(peer: Contact): void {
    const { own } = this.parts;
    if (own.arc !== undefined) this.begin(own.arc, peer, 'members');
  }

  /** This disk's copy is spoiled and gone: those who share the key with this node are asked what they have there. */
  replace(key: Id): void {
    const { ctx } = this.parts;
    if (!ctx.isMember(key)) return;
    const arc = { from: Id.fromBigInt(key.toBigInt() - 1n), to: key };
    const sources = ctx.overlay.replicaSet(key, ctx.config.replicas).filter(({ id }) => !ctx.isSelf(id));
    for (const source of sources) new Reconciliation(this.parts, arc, source, 'members', () => {});
  }

  private begin(arc: Arc, peer: Contact, generosity: 'members' | 'synced-members'): void {
    const { hex } = peer.id;
    if (this.sessions.size >= sessionsMax || this.sessions.has(hex)) return;
    const session = new Reconciliation(this.parts, arc, peer, generosity, () => this.sessions.delete(hex));
    this.sessions.set(hex, session);
  }

  private setTimer(): void {
    const { ctx } = this.parts;
    ctx.cancel(this.timer);
    this.timer = ctx.after(ctx.jittered(ctx.config.repairPeriodMs), { type: 'repair' });
  }
}
