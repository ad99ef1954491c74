import type { OverlayConfig } from '@dht/overlay';
import type { ChurnProcess } from '../churn/churn.ts';
import { type ChurnPlan, createChurn } from '../churn/churn-plan.ts';
import type { FaultOptions } from '../injection/faults.ts';
import { overlayCore } from '../machine/overlay-core.ts';
import { Measurement, type NetworkFigures } from '../measuring/measurement.ts';
import { type TopologyOptions, topologies } from '../network/topology.ts';
import { Workload } from '../run/workload.ts';
import { Cluster } from '../world/cluster.ts';
import { World } from '../world/world.ts';

/** A network of overlays without storage, as experiments begin with it. */
export interface NetworkOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly topology?: TopologyOptions;
  /** On top of the defaults. */
  readonly overlay?: Partial<OverlayConfig>;
}

/** What a network goes through while it is measured. */
export interface TrialOptions extends NetworkOptions {
  readonly churn?: ChurnPlan;
  readonly faults?: Partial<FaultOptions>;
  /** Virtual minutes under churn and faults before the measurement, and those of the measurement itself. */
  readonly warmUpMinutes: number;
  readonly minutes: number;
  /** Lookups of random keys, from random nodes. */
  readonly lookupsPerNodeSecond: number;
  /** How many of them the origin drives itself, from 0 to 1 (0). */
  readonly iterativeShare?: number;
}

/** Networks of so many nodes are built at once, which saves the processor time of their joins. */
export const builtFrom = 1_000;
const second = 1000;
const minute = 60 * second;
/** As fast as a network grows here: each join meets a ring that has just taken in the one before. */
const joinEveryMs = 50;
/** After the last join, for leaf sets and tables to settle. */
const restMs = 2 * minute;
/** Longer than a lookup may take. */
const drainMs = 11 * second;

/** A ring of so many active nodes, at rest. */
export function formNetwork({ seed, nodes, topology = topologies['transit-stub'], overlay = {} }: NetworkOptions): Cluster {
  const world = new World({ seed, createCore: overlayCore, topology, overlay });
  const cluster = new Cluster(world);
  cluster.builtFrom = builtFrom;
  cluster.form(nodes, joinEveryMs);
  world.runFor(restMs);
  return cluster;
}

/** Lookups of random keys from random active nodes until it is stopped, so many a second in all. */
export function askLookups(cluster: Cluster, perSecond: number, iterativeShare: number = 0): Workload {
  const workload = new Workload(cluster, {
    putsPerSecond: 0,
    getsPerSecond: 0,
    lookupsPerSecond: perSecond,
    iterativeShare,
    largeShare: 0,
  });
  workload.start();
  return workload;
}

/** Lets what is under way come to its end. */
export function drain(cluster: Cluster, workload: Workload): void {
  workload.stop();
  cluster.world.runFor(drainMs);
}

/** Forms a network, has it live through churn and faults, and measures it. */
export function runTrial(options: TrialOptions): NetworkFigures {
  const { nodes, churn, faults, warmUpMinutes, minutes, lookupsPerNodeSecond, iterativeShare } = options;
  const cluster = formNetwork(options);
  const { world } = cluster;
  if (faults !== undefined) cluster.setFaults(faults);
  const process: ChurnProcess | undefined = churn === undefined ? undefined : createChurn(cluster, churn);
  process?.start();
  world.runFor(warmUpMinutes * minute);
  const measurement = new Measurement(world);
  const workload = askLookups(cluster, lookupsPerNodeSecond * nodes, iterativeShare);
  world.runFor(minutes * minute);
  drain(cluster, workload);
  return measurement.figures();
}
