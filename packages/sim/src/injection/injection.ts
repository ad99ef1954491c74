import type { ChurnPlan } from '../churn/churn-plan.ts';
import type { TopologyOptions } from '../network/topology.ts';
import type { FaultOptions } from './faults.ts';

/**
 * Everything that a run can be made to go through (DESIGN §9), in one place. What is left out does not happen.
 *
 * | injected | by |
 * |---|---|
 * | latency, bandwidth | `topology` |
 * | loss, reordering, duplication, corruption | `faults`: `lossRate`, `reorderRate`, `duplicateRate`, `corruptRate` |
 * | slow disk, torn last write, bad sectors | `faults`: `slowDiskRate`, `tornWriteRate`, `diskCorruptRate` |
 * | clock drift, wrong wall clocks | `faults`: `clockDriftPpmMax`, `wallSkewMsMax` |
 * | crash of a process or of its machine | `churn`, `mass-failure`; `faults.powerLossRate` |
 * | restart with and without disk, at another address | `churn.wipeShare`, `restartAfterMs`; `faults.readdressRate` |
 * | pause: process stopped and continued | `churn.pauseShare`, `pause` |
 * | non-transitive pairs, one-way and full partitions that heal | `cut-pairs`, `one-way`, `partition` |
 * | massive simultaneous failure, joins in storms | `mass-failure`, `join-storm` |
 * | churn by Poisson, Weibull, trace | `churn` |
 */
export interface Injection {
  readonly topology?: TopologyOptions;
  /** What goes wrong by itself. What befalls messages and reads begins when the network has formed, and all ends before it settles. */
  readonly faults?: Partial<FaultOptions>;
  readonly churn?: ChurnPlan;
  readonly incidents?: readonly Incident[];
}

/** When something happens, in shares of the run: 0 is when the network has formed, 1 the end. */
interface Moment {
  readonly at: number;
}

/** Something that lasts, beyond 1 while the network settles as well, and whom it befalls: a share of the hosts, or of their pairs, drawn at random. */
interface Span extends Moment {
  readonly lasts: number;
  readonly share: number;
}

/** Something that happens to many hosts together. */
export type Incident =
  /** These hosts and the others cannot reach each other. */
  | ({ readonly type: 'partition' } & Span)
  /** Nothing that these hosts send arrives at the others, but the other way it does. */
  | ({ readonly type: 'one-way' } & Span)
  /** These pairs cannot reach each other, though others reach both. */
  | ({ readonly type: 'cut-pairs' } & Span)
  /** These processes are stopped and go on. */
  | ({ readonly type: 'pause' } & Span)
  /** So many hosts join for the first time, relative to those there are, evenly over the time. */
  | ({ readonly type: 'join-storm' } & Span)
  /** They crash at one instant, and come back later, unless `restartAfterMs` is left out; without their disks when `wiped`. */
  | ({
      readonly type: 'mass-failure';
      readonly share: number;
      readonly restartAfterMs?: number;
      /** Within so long after that, each at a time of its own: 0. */
      readonly restartSpreadMs?: number;
      readonly wiped?: boolean;
    } & Moment);
