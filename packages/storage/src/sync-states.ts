import type { Arc, Contact, Id } from '@dht/overlay';
import { contains, isWithin, overlaps, sameArc } from './arcs.ts';
import type { Context } from './context.ts';
import type { SyncStateMessage } from './messages.ts';
import type { Responsibility } from './responsibility.ts';
import type { StorageDeadline } from './timer.ts';

/** What a neighbour said about itself. Void when it has a higher incarnation by now. */
export interface SyncState {
  readonly incarnation: number;
  readonly storeId: string;
  readonly synced?: Arc;
}

/** Kept by the hexadecimal digits of the id. */
interface Word extends SyncState {
  readonly id: Id;
}

/** Peers whose word is kept at most: many more than there are neighbours. */
const statesMax = 256;
/** Changes within this time are told in one message. */
const announceDelayMs = 20;

/**
 * Tells the neighbours what this node is synced for, and remembers what they said: those within ±r, who share its arc, and out to
 * ±2r whoever is connected. To dial the rest for it would cost a joiner more than all its other dials; they ask when they need to know.
 */
export class SyncStates {
  private readonly ctx: Context;
  private readonly own: Responsibility;
  private readonly states = new Map<string, Word>();
  /** What each neighbour was last told, by id. */
  private readonly told = new Map<string, { readonly incarnation: number; readonly synced: Arc | undefined }>();
  private timer: StorageDeadline | undefined;
  /** What the neighbours were told last, and of which leaf set; undefined when one of them has missed it. */
  private announced: { readonly leafSetVersion: number; readonly synced: Arc | undefined } | undefined;

  constructor(ctx: Context, own: Responsibility) {
    this.ctx = ctx;
    this.own = own;
  }

  get(contact: Contact): SyncState | undefined {
    const state = this.states.get(contact.id.hex);
    return state !== undefined && state.incarnation >= contact.incarnation ? state : undefined;
  }

  /** Undefined when the node has not said anything in this life. */
  isSyncedFor(contact: Contact, key: Id): boolean | undefined {
    const state = this.get(contact);
    return state === undefined ? undefined : state.synced !== undefined && contains(state.synced, key);
  }

  isSyncedForAll(contact: Contact, arc: Arc): boolean | undefined {
    const state = this.get(contact);
    return state === undefined ? undefined : state.synced !== undefined && isWithin(arc, state.synced);
  }

  /**
   * True when the sender turns up already synced for keys that this node is synced for too, which a newcomer is not: it lived and took
   * writes elsewhere, on the other side of a partition or while one of the two was taken for failed.
   */
  onMessage(from: Contact, message: SyncStateMessage): boolean {
    const before = this.get(from);
    const { storeId, synced } = message;
    if (this.states.size >= statesMax && !this.states.has(from.id.hex)) return false;
    this.states.set(from.id.hex, { id: from.id, incarnation: from.incarnation, storeId, ...(synced === undefined ? {} : { synced }) });
    if (before !== undefined || synced === undefined || this.own.synced === undefined) return false;
    return overlaps(synced, this.own.synced);
  }

  /** The own state or the neighbours changed. */
  changed(): void {
    this.timer ??= this.ctx.after(announceDelayMs, { type: 'announce' });
  }

  /** A neighbour that missed what it was told can be told now. */
  connected(id: Id): void {
    if (this.told.has(id.hex) || !this.ctx.overlay.isLeaf(id)) return;
    this.announced = undefined;
    this.changed();
  }

  /** The neighbour did not get what it was told. */
  dropped(id: Id): void {
    this.told.delete(id.hex);
    this.announced = undefined;
  }

  /** Tells every neighbour that has not heard the present state. */
  announce(): void {
    const { ctx } = this;
    ctx.cancel(this.timer);
    this.timer = undefined;
    if (ctx.overlay.status === 'joining') return;
    const { leafSetVersion } = ctx;
    const { synced } = this.own;
    if (this.announced?.leafSetVersion === leafSetVersion && sameArc(this.announced.synced, synced)) return;
    this.announced = { leafSetVersion, synced };
    const neighbours = ctx.overlay.neighbourSet(2 * ctx.config.replicas);
    this.prune(neighbours);
    const sharers = new Set(ctx.overlay.neighbourSet(ctx.config.replicas).map(({ id }) => id.hex));
    for (const neighbour of neighbours) {
      if (!sharers.has(neighbour.id.hex) && !ctx.overlay.isConnected(neighbour.id)) continue;
      if (this.isTold(neighbour)) continue;
      // Nobody says so when mail that is passed on gets lost: it is told again with the next round of repair.
      if (ctx.relays.isApart(neighbour.id)) this.announced = undefined;
      else this.told.set(neighbour.id.hex, { incarnation: neighbour.incarnation, synced });
      ctx.send(neighbour, { type: 'syncState', storeId: ctx.storeId, ...(synced === undefined ? {} : { synced }) });
    }
  }

  /**
   * Whether the neighbour believes what matters. A node that holds all of its responsibility need not say that this became smaller:
   * what it was believed to hold beyond it is not asked of it any more. As soon as it widens again it says so.
   */
  private isTold({ id, incarnation }: Contact): boolean {
    const last = this.told.get(id.hex);
    if (last === undefined || last.incarnation !== incarnation) return false;
    const { synced, arc } = this.own;
    if (sameArc(last.synced, synced)) return true;
    return synced !== undefined && last.synced !== undefined && sameArc(synced, arc) && isWithin(synced, last.synced);
  }

  private prune(neighbours: readonly Contact[]): void {
    const near = new Set(neighbours.map((contact) => contact.id.hex));
    for (const hex of this.told.keys()) if (!near.has(hex)) this.told.delete(hex);
    for (const [hex, { id }] of this.states) if (!near.has(hex) && !this.ctx.overlay.isLeaf(id)) this.states.delete(hex);
  }
}
