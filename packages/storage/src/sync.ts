import type { Arc, Contact, Id, OverlayEvent } from '@dht/overlay';
import { isCovered, isWithin, overlaps } from './arcs.ts';
import type { Context } from './context.ts';
import type { CoreEvent } from './io.ts';
import { Reconciliation, type ReconciliationParts, type ReconciliationResult, type Word } from './reconciliation.ts';
import type { Responsibility } from './responsibility.ts';
import type { StorageDeadline } from './timer.ts';

export interface SyncParts extends ReconciliationParts {
  readonly own: Responsibility;
}

type SyncedEvent = Extract<CoreEvent, { readonly type: 'synced' }>;
type LeafSetChange = Extract<OverlayEvent, { readonly type: 'leafSetChanged' }>;

/** A gap of the synced arc, waiting for its time. */
interface Due {
  readonly arc: Arc;
  readonly atMs: number;
}

/** A gap that is being reconciled. */
interface Task {
  readonly arc: Arc;
  readonly startedMs: number;
  readonly sessions: Map<string, Reconciliation>;
  /** Every source that has been asked to the end, or given up. */
  readonly finished: Set<string>;
  /** Of those who were asked to the end. */
  readonly words: Word[];
  /** Somebody who should have been asked did not answer. */
  isDoubtful: boolean;
  isFull: boolean;
  fetchedBlocks: number;
  fetchedBytes: number;
}

/**
 * Widens the synced arc to the whole responsibility: each gap is reconciled with the neighbours within ±r, and with those up to ±2r
 * when the nearer ones are not synced for all of it, because then previous holders are farther away.
 */
export class Sync {
  private readonly parts: SyncParts;
  private readonly ctx: Context;
  private readonly own: Responsibility;
  private due: Due[] = [];
  private tasks: Task[] = [];
  private failures: number[] = [];
  private timer: StorageDeadline | undefined;
  /** Nothing is begun before, however urgent: it would be in vain. */
  private notBeforeMs = 0;
  /** When this node came back to a network in which it knew others; they need not all be there. */
  private returnedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: SyncParts) {
    this.parts = parts;
    this.ctx = parts.ctx;
    this.own = parts.own;
  }

  /**
   * In a network that is created nobody holds anything yet. A seed was active before: it waits for others of that time; without them
   * its disk says little about what there is.
   */
  onActivated(how: 'created' | 'joined' | 'seeded'): void {
    const { now, config, overlay, previouslyActive } = this.ctx;
    if (previouslyActive && overlay.remembered().length > 0) this.returnedMs = now.monoMs;
    this.own.change(overlay.range(config.replicas));
    if (how === 'created') for (const arc of this.own.gaps) this.finish(arc, { fetchedBlocks: 0, fetchedBytes: 0, elapsedMs: 0 });
    if (how === 'seeded') this.pause(config.seedSettleMs);
    this.plan(config.settleMs);
  }

  onLeafSetChanged(change: LeafSetChange): void {
    const { now, config, overlay } = this.ctx;
    // A leaving node keeps what it has said about itself: it still serves.
    if (overlay.status === 'leaving') return;
    this.failures = this.failures.filter((atMs) => atMs > now.monoMs - config.reReplicateMs);
    for (const _ of change.failed) this.failures.push(now.monoMs);
    if (this.failures.length > failuresMax) this.failures = this.failures.slice(-failuresMax);
    this.own.change(overlay.range(config.replicas));
    for (const contact of [...change.removed, ...change.failed]) this.sourceGone(contact.id);
    this.plan(this.isLoneFailure(change) ? config.reReplicateMs : config.settleMs);
  }

  /** Others may have taken this node's place while it was stopped: everything is compared anew. */
  doubt(): void {
    this.own.doubt();
    for (const task of this.tasks) this.abandon(task);
    this.tasks = [];
    this.due = [];
    this.plan(this.ctx.config.settleMs);
  }

  /** Looks again whether what waits may wait: copies elsewhere may have become fewer. */
  review(): void {
    this.plan(this.ctx.config.reReplicateMs);
  }

  onTimer(): void {
    const { monoMs } = this.ctx.now;
    const ready = this.due.filter(({ atMs }) => atMs <= monoMs);
    this.due = this.due.filter(({ atMs }) => atMs > monoMs);
    for (const { arc } of ready) this.begin(arc);
    this.setTimer();
  }

  /** Brings the waiting gaps and the running tasks in line with the responsibility. */
  private plan(delayMs: number): void {
    const { gaps } = this.own;
    for (const task of this.tasks.filter(({ arc }) => !gaps.some((gap) => overlaps(gap, arc)))) this.drop(task);
    const before = this.due;
    const free = gaps.filter((gap) => !this.tasks.some(({ arc }) => overlaps(arc, gap)));
    this.due = free.map((arc) => ({ arc, atMs: this.timeFor(arc, before, delayMs) }));
    for (const arc of free) if (!before.some((due) => overlaps(due.arc, arc))) this.ctx.event({ type: 'syncing', arc });
    this.parts.syncStates.changed();
    this.setTimer();
  }

  /** A gap that was known keeps its time, one that has grown gets the earlier of the two; an urgent one does not wait. */
  private timeFor(gap: Arc, before: readonly Due[], delayMs: number): number {
    const { now, config } = this.ctx;
    const soonMs = now.monoMs + config.settleMs;
    const known = before.filter(({ arc }) => overlaps(arc, gap));
    const isKnown = known.some(({ arc }) => isWithin(gap, arc));
    const atMs = Math.min(isKnown ? Number.POSITIVE_INFINITY : now.monoMs + delayMs, ...known.map((due) => due.atMs));
    return Math.max(this.notBeforeMs, atMs > soonMs && this.isUrgent(gap) ? soonMs : atMs);
  }

  private pause(ms: number): void {
    this.notBeforeMs = Math.max(this.notBeforeMs, this.ctx.now.monoMs + ms);
  }

  private setTimer(): void {
    this.ctx.cancel(this.timer);
    this.timer = undefined;
    const atMs = Math.min(...this.due.map((due) => due.atMs));
    if (Number.isFinite(atMs)) this.timer = this.ctx.after(atMs - this.ctx.now.monoMs, { type: 'sync' });
  }

  /** One node failed and none left: it will probably be back, and its copies with it. */
  private isLoneFailure({ removed, failed }: LeafSetChange): boolean {
    const hasLeft = removed.some(({ id }) => !failed.some((contact) => contact.id.equals(id)));
    return failed.length > 0 && !hasLeft && this.failures.length < this.ctx.config.clusteredFailures;
  }

  /** Fewer than w of those who share the gap are known to be synced for it. */
  private isUrgent(gap: Arc): boolean {
    const { overlay, config } = this.ctx;
    if (this.failures.length >= config.clusteredFailures) return true;
    const members = overlay.replicaSet(gap.to, config.replicas).filter(({ id }) => !this.ctx.isSelf(id));
    const synced = members.filter((contact) => this.parts.syncStates.isSyncedFor(contact, gap.to) === true);
    return synced.length < config.writeQuorum;
  }

  private begin(arc: Arc): void {
    const task: Task = {
      arc,
      startedMs: this.ctx.now.monoMs,
      sessions: new Map(),
      finished: new Set(),
      words: [],
      isDoubtful: false,
      isFull: false,
      fetchedBlocks: 0,
      fetchedBytes: 0,
    };
    this.tasks.push(task);
    this.advance(task);
  }

  /** Asks the sources that have not been asked; complete when all have been. */
  private advance(task: Task): void {
    const { replicas } = this.ctx.config;
    for (const source of sourcesWithin(this.ctx, replicas)) this.ask(task, source);
    if (task.sessions.size > 0) return;
    if (!isVouchedFor(task)) for (const source of sourcesWithin(this.ctx, 2 * replicas)) this.ask(task, source);
    if (task.sessions.size === 0) this.complete(task);
  }

  private ask(task: Task, source: Contact): void {
    const { hex } = source.id;
    if (task.sessions.has(hex) || task.finished.has(hex)) return;
    const done = (result: ReconciliationResult): void => this.sourceDone(task, source, result);
    task.sessions.set(hex, new Reconciliation(this.parts, task.arc, source, 'members', done));
  }

  private sourceDone(task: Task, source: Contact, result: ReconciliationResult): void {
    task.sessions.delete(source.id.hex);
    task.finished.add(source.id.hex);
    task.fetchedBlocks += result.fetchedBlocks;
    task.fetchedBytes += result.fetchedBytes;
    task.isFull ||= result.outcome === 'full';
    task.isDoubtful ||= result.outcome === 'gone';
    if (result.outcome === 'done') task.words.push(result.word);
    this.advance(task);
  }

  private sourceGone(id: Id): void {
    for (const task of [...this.tasks]) {
      const session = task.sessions.get(id.hex);
      if (session === undefined) continue;
      session.cancel();
      task.sessions.delete(id.hex);
      task.finished.add(id.hex);
      this.advance(task);
    }
  }

  private complete(task: Task): void {
    this.drop(task);
    const { arc, fetchedBlocks, fetchedBytes, startedMs } = task;
    // Without room for all of it the arc cannot become synced; later there may be room, or others have taken over. And where not even
    // those who answered are synced, those who did not may hold what nobody else has.
    const { config, now } = this.ctx;
    if (task.isFull) this.pause(config.repairPeriodMs);
    else if (task.isDoubtful && !isVouchedFor(task)) this.pause(config.offerTimeoutMs);
    else {
      this.own.beUnsure(this.unsureUntilMs(task));
      this.finish(arc, { fetchedBlocks, fetchedBytes, elapsedMs: now.monoMs - startedMs });
    }
    this.plan(config.settleMs);
  }

  /**
   * Where nobody could vouch for what there is, nodes that failed, or that have not been met since this one came back, may bring more, as
   * a lone failed node may. Until then a miss proves nothing, here and on a node that compares with this one. Where nobody is missing
   * there is none who could: then nodes have only come faster than they could compare.
   */
  private unsureUntilMs({ arc, words }: Task): number {
    const { now, config, overlay } = this.ctx;
    const sure = words.filter(({ unsureUntilMs }) => unsureUntilMs <= now.monoMs);
    if (isCovered(arc, arcsOf(sure))) return Number.NEGATIVE_INFINITY;
    const missedMs = Math.max(this.returnedMs, overlay.lastFailureMs() ?? Number.NEGATIVE_INFINITY);
    return Math.max(missedMs + config.reReplicateMs, ...words.map(({ unsureUntilMs }) => unsureUntilMs));
  }

  /** All that is acknowledged of the gap is here. */
  private finish(arc: Arc, cost: Pick<SyncedEvent, 'fetchedBlocks' | 'fetchedBytes' | 'elapsedMs'>): void {
    if (this.own.complete(arc)) this.ctx.event({ type: 'synced', arc, ...cost });
  }

  private drop(task: Task): void {
    this.tasks = this.tasks.filter((other) => other !== task);
    this.abandon(task);
  }

  private abandon(task: Task): void {
    for (const session of task.sessions.values()) session.cancel();
    task.sessions.clear();
  }
}

function isVouchedFor({ arc, words }: Task): boolean {
  return isCovered(arc, arcsOf(words));
}

function arcsOf(words: readonly Word[]): readonly Arc[] {
  return words.flatMap(({ synced }) => synced ?? []);
}

/** Failures remembered at most: more than this makes no difference. */
const failuresMax = 64;

/** The nearest `count` nodes on each side that hold blocks: active ones, and leaving ones, which still serve. */
function sourcesWithin({ overlay }: Context, count: number): readonly Contact[] {
  const { clockwise, counterClockwise } = overlay.leafSet();
  const byId = new Map<string, Contact>();
  for (const side of [clockwise, counterClockwise]) {
    // Leaving ones do not count: there have to be as many active ones besides.
    let active = 0;
    for (const { contact, status } of side) {
      if (status === 'joining') continue;
      if (status === 'active' && ++active > count) break;
      byId.set(contact.id.hex, contact);
    }
  }
  return [...byId.values()];
}
