import type { Arc, Id } from '@dht/overlay';
import { adjoin, contains, gapsOf, intersectAround, sameArc } from './arcs.ts';

/**
 * The arc this node is responsible for, and the part of it for which it holds everything acknowledged.
 *
 * The synced part is one contiguous arc around the node's own id, or nothing. It is cut down at once when the responsibility
 * shrinks, because from then on writes go elsewhere: were it to widen again, what was missed in between has to be fetched.
 */
export class Responsibility {
  private readonly self: Id;
  private whole: Arc | undefined;
  private part: Arc | undefined;
  private unsureUntilMs = Number.NEGATIVE_INFINITY;

  constructor(self: Id) {
    this.self = self;
  }

  /** The keys among whose r closest nodes this one is; undefined while it is not active. */
  get arc(): Arc | undefined {
    return this.whole;
  }

  get synced(): Arc | undefined {
    return this.part;
  }

  /** What is missing for the synced arc to be the whole responsibility. */
  get gaps(): readonly Arc[] {
    return this.whole === undefined ? [] : gapsOf(this.whole, this.part);
  }

  isSyncedFor(key: Id): boolean {
    return this.part !== undefined && contains(this.part, key);
  }

  /** Whether a miss of this node on `key` is a vote that the key does not exist. */
  canDeny(key: Id, nowMs: number): boolean {
    return this.isSyncedFor(key) && this.unsureUntilMs <= nowMs;
  }

  /** For so long nodes may come back that have what this one, though synced, could get from nobody; 0 when it is sure. */
  unsureMs(nowMs: number): number {
    return Math.max(0, this.unsureUntilMs - nowMs);
  }

  /** A piece was completed that nobody could vouch for: until then nodes may come back that have more of it. */
  beUnsure(untilMs: number): void {
    this.unsureUntilMs = Math.max(this.unsureUntilMs, untilMs);
  }

  /** True when the synced arc became smaller. */
  change(arc: Arc | undefined): boolean {
    const before = this.part;
    this.whole = arc;
    if (arc === undefined) this.part = undefined;
    else if (before !== undefined) this.part = intersectAround(before, arc, this.self);
    return !sameArc(before, this.part);
  }

  /** `piece`, which was a gap when its reconciliation began, is complete. False when it is no longer of use. */
  complete(piece: Arc): boolean {
    if (this.whole === undefined) return false;
    const joined = this.part === undefined ? piece : adjoin(this.part, piece);
    if (joined === undefined || !contains(joined, this.self)) return false;
    this.part = intersectAround(joined, this.whole, this.self);
    return true;
  }

  /** Nothing is certain any longer: this node was away for so long that others may have taken its place. */
  doubt(): void {
    this.part = undefined;
  }
}
