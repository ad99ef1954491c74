import type { OverlayConfig } from '@dht/overlay';
import { createChurn, turnover } from '../churn/churn-plan.ts';
import { askLookups, drain, formNetwork } from '../experiments/trial.ts';
import { liveHeapBytes } from '../measuring/heap.ts';
import { Measurement, type NetworkFigures } from '../measuring/measurement.ts';
import { type TopologyName, topologies } from '../network/topology.ts';

const second = 1000;
const minute = 60 * second;

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
  readonly events: number;
  readonly cpuMs: number;
  /** Per second of processor time, from nothing to the end. */
  readonly eventsPerSecond: number;
  /** Live objects, once the ring is formed and before lookups and churn begin. */
  readonly heapBytesPerNode: number;
}

/** Plays a setting and measures it. Equal settings give equal figures, except for the last three, which are the machine's. */
export function measure(setting: Setting): Measured {
  const { seed, nodes, topology, overlay, sessionMinutes, warmUpMinutes, minutes, lookupsPerNodeSecond } = setting;
  const heapBefore = liveHeapBytes();
  const cpuBefore = process.cpuUsage();
  const cluster = formNetwork({ seed, nodes, topology: topologies[topology], overlay });
  const heapBytesPerNode = Math.max(0, liveHeapBytes() - heapBefore) / nodes;
  const { world } = cluster;
  // Whoever fails takes its machine along: no connection closes, so that every failure has to be found by silence.
  cluster.setFaults({ powerLossRate: 1 });
  createChurn(cluster, turnover('poisson', sessionMinutes * minute)).start();
  world.runFor(warmUpMinutes * minute);
  const measurement = new Measurement(world);
  const lookups = askLookups(cluster, lookupsPerNodeSecond * nodes);
  world.runFor(minutes * minute);
  drain(cluster, lookups);
  const figures = measurement.figures();
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpuMs = (user + system) / 1000;
  const { events } = world.engine;
  return { setting, figures, events, cpuMs, eventsPerSecond: (events / cpuMs) * second, heapBytesPerNode };
}
