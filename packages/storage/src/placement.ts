import type { CommandRef, Contact, Id, LookupResult } from '@dht/overlay';
import { SparseMap } from '@dht/overlay';
import { ArcCache } from './arc-cache.ts';
import type { Context } from './context.ts';

/** Where a key's blocks belong: the closest nodes first, at least r of them when there are so many. */
export interface Located {
  readonly contacts: readonly Contact[];
  /** What says so. The leaf set is the freshest, the cache the oldest. */
  readonly source: 'leafSet' | 'cache' | 'lookup';
}

type LookupFailure = Exclude<LookupResult['outcome'], 'found'>;

/** Finds the nodes closest to a key: from the leaf set, else from the arcs that earlier lookups told of, else by a lookup. */
export class Placement {
  private readonly ctx: Context;
  private readonly cache: ArcCache;
  private readonly lookups = new SparseMap<CommandRef, { readonly key: Id; readonly done: (located: Located | LookupFailure) => void }>();
  private refs = 0;

  constructor(ctx: Context) {
    this.ctx = ctx;
    this.cache = new ArcCache(ctx.config.arcCacheMax, ctx.config.arcCacheMs);
  }

  /** What is known without asking anybody; the r closest are certain, up to as many again follow as far as known. */
  known(key: Id): Located | undefined {
    const { overlay, config, now } = this.ctx;
    if (overlay.status !== 'joining' && overlay.coversReplicaSet(key, config.replicas)) {
      return { contacts: overlay.replicaSet(key, 2 * config.replicas), source: 'leafSet' };
    }
    const contacts = this.cache.find(key, config.replicas, now.monoMs);
    return contacts === undefined ? undefined : { contacts: contacts.slice(0, 2 * config.replicas), source: 'cache' };
  }

  /** `fresh`: do not believe the cache. `done` may be called at once. */
  locate(key: Id, fresh: boolean, timeoutMs: number, done: (located: Located | LookupFailure) => void): void {
    const known = this.known(key);
    if (known !== undefined && !(fresh && known.source === 'cache')) {
      done(known);
      return;
    }
    // The driver's commands count upwards from 0, so that lookups for storage's own use count downwards.
    const ref = --this.refs;
    this.lookups.set(ref, { key, done });
    this.ctx.counters.lookups++;
    this.ctx.tellOverlay({ type: 'lookup', ref, key, mode: 'recursive', timeoutMs });
  }

  /** False when the lookup is the driver's own. */
  lookupDone(ref: CommandRef, result: LookupResult): boolean {
    const lookup = this.lookups.get(ref);
    if (lookup === undefined) return ref < 0;
    this.lookups.delete(ref);
    if (result.outcome !== 'found') {
      lookup.done(result.outcome);
      return true;
    }
    this.cache.learn(lookup.key, result.replicaSet, this.ctx.now.monoMs);
    lookup.done({ contacts: result.replicaSet.slice(0, 2 * this.ctx.config.replicas), source: 'lookup' });
    return true;
  }

  forget(id: Id): void {
    this.cache.forget(id);
  }
}
