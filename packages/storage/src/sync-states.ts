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
  readonly synced: Arc | undefined;
}

/** A neighbour: its word, and what it was told last. */
interface Neighbour {
  readonly id: Id;
  /** Of the life that has said something; `noLife` when none has. */
  incarnation: number;
  storeId: string;
  synced: Arc | undefined;
  /** The life that was told something; `noLife` when none was. */
  toldIncarnation: number;
  toldSynced: Arc | undefined;
}

const noLife = -1;
/** Peers whose word is kept at most: many more than there are neighbours. */
const neighboursMax = 256;
/** Changes within this time are told in one message. */
const announceDelayMs = 20;

/**
 * Tells the neighbours what this node is synced for, and remembers what they said: those within ±r, who share its arc, and out to
 * ±2r whoever is connected. To dial the rest for it would cost a joiner more than all its other dials; they ask when they need to know.
 */
export class SyncStates {
  private readonly ctx: Context;
  private readonly own: Responsibility;
  /** A dozen as a rule: to look through them beats any index, which would take as much room again. */
  private neighbours: readonly Neighbour[] = [];
  private timer: StorageDeadline | undefined;
  /** What the neighbours were told last, and of which leaf set; undefined when one of them has missed it. */
  private announced: { readonly leafSetVersion: number; readonly synced: Arc | undefined } | undefined;

  constructor(ctx: Context, own: Responsibility) {
    this.ctx = ctx;
    this.own = own;
  }

  get(contact: Contact): SyncState | undefined {
    const neighbour = this.find(contact.id);
    return neighbour !== undefined && neighbour.incarnation >= contact.incarnation ? neighbour : undefined;
  }

  /** Undefined when the node has not said anything in this life. */
  isSyncedFor(contact: Contact, key: Id): boolean | undefined {
    const state = this.get(contact);
    return state === undefined ? undefined : state.synced !== undefined && contains(state.synced, key);
  }

  /**
   * True when the sender turns up already synced for keys that this node is synced for too, which a newcomer is not: it lived and took
   * writes elsewhere, on the other side of a partition or while one of the two was taken for failed.
   */
  onMessage(from: Contact, message: SyncStateMessage): boolean {
    const isKnown = this.get(from) !== undefined;
    const { storeId, synced } = message;
    if (this.neighbours.length >= neighboursMax && this.find(from.id) === undefined) return false;
    const neighbour = this.findOrAdd(from.id);
    neighbour.incarnation = from.incarnation;
    neighbour.storeId = storeId;
    neighbour.synced = synced;
    if (isKnown || synced === undefined || this.own.synced === undefined) return false;
    return overlaps(synced, this.own.synced);
  }

  /** The own state or the neighbours changed. */
  changed(): void {
    this.timer ??= this.ctx.after(announceDelayMs, { type: 'announce' });
  }

  /** A neighbour that missed what it was told can be told now. */
  connected(id: Id): void {
    if (this.isToldAnything(id) || !this.ctx.overlay.isLeaf(id)) return;
    this.announced = undefined;
    this.changed();
  }

  /** The neighbour did not get what it was told. */
  dropped(id: Id): void {
    const neighbour = this.find(id);
    if (neighbour !== undefined) neighbour.toldIncarnation = noLife;
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
      else this.noteTold(neighbour, synced);
      ctx.send(neighbour, { type: 'syncState', storeId: ctx.storeId, ...(synced === undefined ? {} : { synced }) });
    }
  }

  /**
   * Whether the neighbour believes what matters. A node that holds all of its responsibility need not say that this became smaller:
   * what it was believed to hold beyond it is not asked of it any more. As soon as it widens again it says so.
   */
  private isTold({ id, incarnation }: Contact): boolean {
    const neighbour = this.find(id);
    if (neighbour === undefined || neighbour.toldIncarnation !== incarnation) return false;
    const { toldSynced } = neighbour;
    const { synced, arc } = this.own;
    if (sameArc(toldSynced, synced)) return true;
    return synced !== undefined && toldSynced !== undefined && sameArc(synced, arc) && isWithin(synced, toldSynced);
  }

  private isToldAnything(id: Id): boolean {
    const neighbour = this.find(id);
    return neighbour !== undefined && neighbour.toldIncarnation !== noLife;
  }

  private noteTold({ id, incarnation }: Contact, synced: Arc | undefined): void {
    const neighbour = this.findOrAdd(id);
    neighbour.toldIncarnation = incarnation;
    neighbour.toldSynced = synced;
  }

  /** Those who have moved away are told anew when they are near again. */
  private prune(neighbours: readonly Contact[]): void {
    const near = new Set(neighbours.map((contact) => contact.id.hex));
    for (const neighbour of this.neighbours) if (!near.has(neighbour.id.hex)) neighbour.toldIncarnation = noLife;
    const isKept = ({ id, incarnation }: Neighbour): boolean => near.has(id.hex) || (incarnation !== noLife && this.ctx.overlay.isLeaf(id));
    if (!this.neighbours.every(isKept)) this.neighbours = this.neighbours.filter(isKept);
  }

  private find(id: Id): Neighbour | undefined {
    return this.neighbours.find((neighbour) => neighbour.id.equals(id));
  }

  private findOrAdd(id: Id): Neighbour {
    const known = this.find(id);
    if (known !== undefined) return known;
    const neighbour = { id, incarnation: noLife, storeId: '', synced: undefined, toldIncarnation: noLife, toldSynced: undefined };
    this.neighbours = this.neighbours.concat(neighbour);
    return neighbour;
  }
}
