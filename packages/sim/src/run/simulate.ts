import { Checks } from '../checkers/checks.ts';
import type { Violation } from '../checkers/violations.ts';
import type { ChurnProcess } from '../churn/churn.ts';
import { type ChurnPlan, createChurn } from '../churn/churn-plan.ts';
import { noFaults } from '../injection/faults.ts';
import { lookPeriodMs } from '../measuring/looking.ts';
import { Measurement } from '../measuring/measurement.ts';
import { cpuMsSince } from '../measuring/processor-time.ts';
import { type Scenario, worldOf } from '../scenarios/scenario.ts';
import { Cluster } from '../world/cluster.ts';
import { World, type WorldOptions } from '../world/world.ts';
import { makeReport, type Report } from './report.ts';
import { Workload, type WorkloadOptions } from './workload.ts';

export interface SimulateOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly nodes?: number;
  readonly minutes?: number;
  readonly churn?: ChurnPlan;
  readonly workload?: Partial<WorkloadOptions>;
  /** The network is built at once, however small. */
  readonly built?: boolean;
  /** The run ends with its minutes, and nothing is demanded of the network that it leaves. */
  readonly openEnd?: boolean;
  /** On top of what the scenario sets. */
  readonly world?: Omit<WorldOptions, 'seed'>;
  /** Gets at the end, over all acknowledged blocks and all nodes. */
  readonly readsMax?: number;
  /** Called once everything is set up and nothing has happened. */
  readonly onWorld?: (world: World) => void;
  /** Called for each violation that the report will list, while the world is still as it was found. */
  readonly onViolation?: (violation: Violation, world: World) => void;
}

/** A little of everything: enough that every run stores, reads and looks up. */
const defaultWorkload: WorkloadOptions = { putsPerSecond: 1, getsPerSecond: 2, lookupsPerSecond: 5, iterativeShare: 0.3, largeShare: 0.3 };
const minute = 60_000;
/** A line with more than this to carry still is crowded, and that is a fault which has not ended. */
const backlogMsMax = 1_000;
/** How often it is looked whether the network is whole, as a share of how often it is looked at anyway. */
const settlePollShare = 1 / 5;

/** Plays a scenario to its end, waits for the network to become whole unless the end is to be open, and says what was seen. */
export function simulate(options: SimulateOptions): Report {
  const { scenario } = options;
  const world = new World({ ...worldOf(scenario, options.seed), ...options.world, seed: options.seed });
  const cluster = new Cluster(world);
  if (options.built === true) cluster.builtFrom = 1;
  const checks = new Checks(cluster);
  const nodes = options.nodes ?? scenario.nodes;
  const measurement = new Measurement(world, lookPeriodMs(nodes));
  options.onWorld?.(world);
  const { onViolation } = options;
  if (onViolation !== undefined) checks.violations.onListed = (violation) => onViolation(violation, world);
  const workload = new Workload(cluster, { ...defaultWorkload, ...scenario.workload, ...options.workload });
  const churns: ChurnProcess[] = [];
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  scenario.script({
    cluster,
    nodes,
    durationMs: (options.minutes ?? scenario.minutes) * minute,
    workload,
    churn: options.churn,
    startChurn: (churn) => start(churns, createChurn(cluster, churn)),
  });
  workload.stop();
  for (const churn of churns) churn.stop();
  const { openEnd = false } = options;
  const settledMs = openEnd ? undefined : settle(cluster, checks, scenario.settleMs);
  if (!openEnd) checks.demandReadable(options.readsMax ?? 1000);
  return makeReport({
    scenario,
    nodes,
    world,
    checks,
    measurement,
    openEnd,
    settledMs,
    elapsedMs: performance.now() - startedAt,
    cpuMs: cpuMsSince(cpuBefore),
  });
}

function start(churns: ChurnProcess[], churn: ChurnProcess): ChurnProcess {
  churns.push(churn);
  churn.start();
  return churn;
}

/** Ends all faults and lets the network become whole: how long it took; undefined when it did not in time. */
function settle(cluster: Cluster, checks: Checks, withinMs: number): number | undefined {
  const { world } = cluster;
  cluster.setFaults(noFaults);
  for (const host of world.hosts) cluster.resume(host);
  const from = world.now;
  const settled = world.runUntil(
    () => !isCrowded(world) && checks.unsettled() === undefined,
    withinMs,
    lookPeriodMs(world.membership.active.length) * settlePollShare,
  );
  if (settled) return world.now - from;
  checks.demandSettled();
  return undefined;
}

function isCrowded({ hosts, now }: World): boolean {
  return hosts.some(({ uplink, downlink }) => Math.max(uplink.backlogMs(now), downlink.backlogMs(now)) > backlogMsMax);
}
