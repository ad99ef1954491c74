import type { OverlayConfig } from '@dht/overlay';
import { createChurn, turnover } from '../churn/churn-plan.ts';
import { askLookups, drain, formNetwork } from '../experiments/trial.ts';
import { liveHeapBytes } from '../measuring/heap.ts';
import { Measurement, type NetworkFigures } from '../measuring/measurement.ts';
import { type TopologyName, topologies } from '../network/topology.ts';
import type { Cluster } from '../world/cluster.ts';

const minute = 60_000;

/** One point of a plot: a network of the overlay alone, under churn, with lookups. */
export interface Setting {
  readonly name: string;
  readonly nodes: number;
  readonly sessionMinutes: number;
  /** Before anything is measured: tables fill, periods tune themselves. */
  readonly warmUpMinutes: number;
  readonly minutes: number;
  readonly lookupsPerNodeSecond: number;
  readonly topology: TopologyName;
  readonly overlay: Partial<OverlayConfig>;
  readonly seed: number;
}

export interface Measured {
  readonly setting: Setting;
  readonly figures: NetworkFigures;
  /** Live objects, once the ring is formed and before lookups and churn begin. */
  readonly heapBytesPerNode: number;
}

/** Plays a setting and measures it. Equal settings give equal figures, but for the last, which is the machine's. */
export function measure(setting: Setting): Measured {
  const { seed, nodes, topology, overlay, sessionMinutes, warmUpMinutes, minutes, lookupsPerNodeSecond } = setting;
  const heapBefore = liveHeapBytes();
  const cluster = formNetwork({ seed, nodes, topology: topologies[topology], overlay });
  const heapBytesPerNode = Math.max(0, liveHeapBytes() - heapBefore) / nodes;
  const { world } = cluster;
  startTurnover(cluster, sessionMinutes);
  world.runFor(warmUpMinutes * minute);
  const measurement = new Measurement(world);
  const lookups = askLookups(cluster, lookupsPerNodeSecond * nodes);
  world.runFor(minutes * minute);
  drain(cluster, lookups);
  const figures = measurement.figures();
  return { setting, figures, heapBytesPerNode };
}

/** Whoever fails takes its machine along: no connection closes, so that every failure has to be found by silence. */
export function startTurnover(cluster: Cluster, sessionMinutes: number): void {
  cluster.setFaults({ powerLossRate: 1 });
  createChurn(cluster, turnover('poisson', sessionMinutes * minute)).start();
}
