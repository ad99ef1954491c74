import type { TrafficClass, TrafficCount, TrafficType } from '../network/traffic.ts';
import type { World } from '../world/world.ts';
import { Consistency, type ConsistencyReport } from './consistency.ts';
import { DelayStretch } from './delay-stretch.ts';
import { lookPeriodMs } from './looking.ts';
import type { Summary } from './samples.ts';
import { Statistics } from './statistics.ts';

/** What a network did while it was measured. Times in milliseconds of virtual time. */
export interface NetworkFigures {
  readonly measuredMs: number;
  /** Active nodes, on average over the time. */
  readonly nodesMean: number;
  /** `ok`: ended at the true root; `wrong`: at another node; `lost`: not in time. Those whose origin died are not counted. */
  readonly lookups: {
    readonly ok: number;
    readonly wrong: number;
    readonly lost: number;
    readonly hops?: Summary;
    readonly ms?: Summary;
  };
  /** Delay of a lookup to its root over that of a packet sent straight there: of each lookup, and of all together. */
  readonly stretch: { readonly ratios?: Summary; readonly ofMeans?: number };
  /** Sent, per active node and second: by class, and by type with most bytes first. */
  readonly traffic: Readonly<Record<TrafficClass | 'total', TrafficRate>> & { readonly byType: readonly TypeRate[] };
  /** `detectionMs`: from the end of a process to the verdict of one that had it in its leaf set. */
  readonly failures: { readonly crashes: number; readonly falseVerdicts: number; readonly detectionMs?: Summary };
  /** `ms`: from the start of a process to its activation. */
  readonly joins: { readonly ms?: Summary; readonly seeds: number; readonly merges: number };
  readonly consistency: ConsistencyReport;
}

export interface TrafficRate {
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
}

interface TypeRate extends TrafficRate {
  readonly type: TrafficType;
}

const second = 1000;

/** Measures a world from now on. */
export class Measurement {
  readonly statistics: Statistics;
  private readonly world: World;
  private readonly stretch: DelayStretch;
  private readonly consistency: Consistency;
  private readonly startedAt: number;
  private readonly activeMsBefore: number;

  /** `periodMs`: how often the ring is looked at as a whole. */
  constructor(world: World, periodMs: number = lookPeriodMs(world.membership.active.length)) {
    this.world = world;
    this.startedAt = world.now;
    this.activeMsBefore = world.membership.totalActiveMs();
    this.statistics = new Statistics(world);
    this.stretch = new DelayStretch(world);
    this.consistency = new Consistency(world, periodMs);
    world.observers.add(this.statistics);
    world.observers.add(this.stretch);
    world.network.traffic.restart();
  }

  figures(): NetworkFigures {
    const { world, statistics } = this;
    const measuredMs = world.now - this.startedAt;
    const activeMs = world.membership.totalActiveMs() - this.activeMsBefore;
    return {
      measuredMs,
      nodesMean: activeMs / measuredMs,
      lookups: {
        ...statistics.lookups,
        ...optional('hops', statistics.hops.summary()),
        ...optional('ms', statistics.lookupMs.summary()),
      },
      stretch: this.stretchFigures(),
      traffic: this.trafficFigures(activeMs / second),
      failures: {
        crashes: statistics.crashes,
        falseVerdicts: statistics.falseFailures,
        ...optional('detectionMs', statistics.detectionMs.summary()),
      },
      joins: { ...optional('ms', statistics.joinMs.summary()), seeds: statistics.seeds, merges: statistics.merges },
      consistency: this.consistency.report(),
    };
  }

  private stretchFigures(): NetworkFigures['stretch'] {
    const { ratios, routedMs, directMs } = this.stretch;
    const [routed, direct] = [routedMs.summary(), directMs.summary()];
    return {
      ...optional('ratios', ratios.summary()),
      ...optional('ofMeans', routed === undefined || direct === undefined ? undefined : routed.mean / direct.mean),
    };
  }

  private trafficFigures(nodeSeconds: number): NetworkFigures['traffic'] {
    const { traffic } = this.world.network;
    const rate = ({ messages, bytes }: Readonly<TrafficCount>): TrafficRate => ({
      messagesPerSecond: messages / nodeSeconds,
      bytesPerSecond: bytes / nodeSeconds,
    });
    return {
      total: rate(traffic.total()),
      control: rate(traffic.total('control')),
      lookup: rate(traffic.total('lookup')),
      storage: rate(traffic.total('storage')),
      byType: traffic.byType().map(([type, count]) => ({ type, ...rate(count) })),
    };
  }
}

/** The key with its value, or nothing. */
export function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}
