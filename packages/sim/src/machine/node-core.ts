import { type Id, inArc, type Now, type OverlayView } from '@dht/overlay';
import { Core, type CoreInit, type CoreInput, type CoreOutput } from '@dht/storage';

/** What a host drives: the `Core` of storage, or something that stands in for it in a test. */
export interface NodeCore {
  readonly overlay: OverlayView;
  /** `now` is true for this step alone: the next one may be given the same object. */
  step(input: CoreInput, now: Now): readonly CoreOutput[];
  /** In monotonic milliseconds; Infinity when there is none. */
  nextDeadline(): number;
  /** Whether it has everything acknowledged of the arc that the key lies in. */
  isSynced(key: Id): boolean;
  /** Fetched to make copies anew, since the start of the process. */
  readonly repairBytes: number;
  /** What is under way. */
  readonly load: { readonly requests: number; readonly handles: number; readonly diskOperations: number };
}

export type CoreFactory = (init: CoreInit) => NodeCore;

/** The core that the daemon runs. */
export const realCore: CoreFactory = (init) => new SimCore(init);

class SimCore extends Core implements NodeCore {
  get repairBytes(): number {
    return this.counters.repairBytes;
  }

  isSynced(key: Id): boolean {
    const { synced } = this.responsibility;
    return synced !== undefined && inArc(key, synced.from, synced.to);
  }
}
