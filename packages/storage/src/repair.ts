import { type Arc, type Contact, Id, SparseMap } from '@dht/overlay';
import { Reconciliation, type ReconciliationParts } from './reconciliation.ts';
import type { Responsibility } from './responsibility.ts';
import type { Surplus } from './surplus.ts';
import type { Sync } from './sync.ts';
import type { StorageDeadline } from './timer.ts';

export interface RepairParts extends ReconciliationParts {
  readonly own: Responsibility;
}

/** Reconciliations for no reason but time, or with nodes that came back, at the same time at most. */
const sessionsMax = 4;
/** Between two rounds after a loss, in milliseconds: with r = 5 all eight neighbours have been asked after half a minute. */
const briskMs = 3_000;

/**
 * Repair is periodic and jittered, never a burst (Rhea et al. 2004, Bamboo): every period this node reconciles with one random neighbour of the
 * 2(r − 1) with which it shares an arc. That finds what no event told of: a write that failed unnoticed, a copy that was lost on a disk.
 *
 * After a loss it goes through all of them, one after the other: a put that passed over this node while it was late left its copy with the
 * next closest, and with others gone that copy may be one of the last.
 */
export class Repair {
  private readonly parts: RepairParts;
  private readonly sync: Sync;
  private readonly surplus: Surplus;
  private readonly sessions = new SparseMap<string, Reconciliation>();
  private timer: StorageDeadline | undefined;
  /** Rounds still to come that follow one another quickly. */
  private briskRounds = 0;

  constructor(parts: RepairParts, sync: Sync, surplus: Surplus) {
    this.parts = parts;
    this.sync = sync;
    this.surplus = surplus;
  }

  start(): void {
    this.setTimer();
  }

  /** Nodes have gone. */
  onLoss(): void {
    if (this.timer === undefined) return;
    const isBrisk = this.briskRounds > 0;
    this.briskRounds = this.sharers().length;
    // Losses that follow one another must not put the next round off again and again.
    if (!isBrisk) this.setTimer();
  }

  onTimer(): void {
    const { ctx, syncStates } = this.parts;
    const neighbour = this.nextNeighbour();
    this.setTimer();
    if (ctx.overlay.status !== 'active') return;
    syncStates.announce();
    this.sync.review();
    this.surplus.round();
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

  private nextNeighbour(): Contact | undefined {
    const sharers = this.sharers();
    if (this.briskRounds === 0) return sharers[Math.floor(this.parts.ctx.random.next() * sharers.length)];
    this.briskRounds--;
    return sharers[this.briskRounds];
  }

  /** The neighbours with which this node shares an arc. */
  private sharers(): readonly Contact[] {
    const { ctx } = this.parts;
    return ctx.overlay.neighbourSet(Math.max(1, ctx.config.replicas - 1));
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
    this.timer = ctx.after(ctx.jittered(this.briskRounds > 0 ? briskMs : ctx.config.repairPeriodMs), { type: 'repair' });
  }
}
