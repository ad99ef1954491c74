import { ExactLeafSets } from '../checkers/exact-leaf-sets.ts';
import { OneRing } from '../checkers/one-ring.ts';
import { sample } from '../engine/distributions.ts';
import type { Host } from '../machine/host.ts';
import { Measurement, type NetworkFigures } from '../measuring/measurement.ts';
import type { Cluster } from '../world/cluster.ts';
import { type Experiment, type Findings, type Row, scaled } from './experiment.ts';
import { common, proportion } from './proportion.ts';
import { askLookups, drain, formNetwork } from './trial.ts';

const second = 1000;
const minute = 60 * second;
/** How long is waited for at most, well beyond every bound. */
const giveUpMs = 15 * minute;
const lookupsPerSecond = 200;

/** Half of all nodes lose power at one instant. */
export const halfFails: Experiment = {
  name: 'half-fails',
  about: 'half of 10,000 nodes fall silent at one instant',
  run: (options) => {
    const nodes = scaled(10_000, options, 50);
    const cluster = formNetwork({ seed: options.seed, nodes });
    cluster.setFaults({ powerLossRate: 1 });
    for (const host of sample(cluster.random, cluster.world.hosts, nodes >> 1)) cluster.crash(host);
    const failedAt = cluster.world.now;
    cluster.world.runFor(10 * second);
    const measurement = new Measurement(cluster.world);
    const workload = askLookups(cluster, lookupsPerSecond);
    const exact = new ExactLeafSets(cluster.world);
    const exactMs = timeUntil(cluster, () => exact.problems().length === 0, failedAt);
    cluster.world.runFor(30 * second);
    drain(cluster, workload);
    const figures = measurement.figures();
    const { ok, wrong, lost } = figures.lookups;
    const right = proportion(ok, ok + wrong + lost);
    const row = { setting: `half of ${nodes.toLocaleString('en')} nodes fail at one instant`, published: '–' };
    return {
      figures: { exactMs, ...figures },
      rows: [
        { ...row, property: 'leaf sets exact again', ...within(exactMs, 60 * second) },
        {
          ...row,
          property: 'lookups right, from 10 s after on',
          mustReach: '≥ 99 %',
          measured: common(right),
          holds: right.share >= 0.99,
        },
      ],
    };
  },
};

export const partitionHeals: Experiment = {
  name: 'partition-heals',
  about: '2,000 nodes fall into two halves for ten minutes',
  run: (options) => {
    const nodes = scaled(2_000, options, 30);
    const cluster = formNetwork({ seed: options.seed, nodes });
    const { hosts } = cluster.world;
    const part = new Set(sample(cluster.random, hosts, nodes >> 1));
    cluster.partition([hosts.filter((host) => !part.has(host)), [...part]]);
    cluster.world.runFor(10 * minute);
    cluster.heal();
    return recovery(cluster, `${nodes.toLocaleString('en')} nodes, halves apart for 10 min`, 'one ring after a partition', 3 * minute);
  },
};

export const massJoin: Experiment = {
  name: 'mass-join',
  about: '1,000 nodes join 10,000 within a minute',
  run: (options) => {
    const nodes = scaled(10_000, options, 50);
    const joiners = scaled(1_000, options, 5);
    const cluster = formNetwork({ seed: options.seed, nodes });
    const measurement = new Measurement(cluster.world);
    const beganAt = cluster.world.now;
    const joined: Host[] = [];
    for (let i = 0; i < joiners; i++) {
      joined.push(cluster.join([cluster.anyActive()]));
      cluster.world.runFor(minute / joiners);
    }
    const activeMs = timeUntil(cluster, () => joined.every(({ status }) => status === 'active'), beganAt);
    const ring = new OneRing(cluster.world);
    const row = { setting: `${joiners} joins within a minute into ${nodes.toLocaleString('en')} nodes`, published: '–' };
    const split = ring.problems();
    return {
      figures: { activeMs, split: split.length, ...measurement.figures() },
      rows: [
        { ...row, property: 'all joiners active', ...within(activeMs, 2 * minute) },
        {
          ...row,
          property: 'no split after mass join',
          mustReach: 'one ring',
          measured: split[0]?.message ?? 'one ring',
          holds: split.length === 0,
        },
      ],
    };
  },
};

export const coldStart: Experiment = {
  name: 'cold-start',
  about: 'all of 1,000 nodes are killed and started again at once',
  run: (options) => {
    const nodes = scaled(1_000, options, 20);
    const cluster = formNetwork({ seed: options.seed, nodes });
    const { hosts } = cluster.world;
    for (const host of hosts) cluster.crash(host);
    cluster.world.runFor(5 * second);
    for (const host of hosts) cluster.restart(host);
    return recovery(cluster, `all of ${nodes.toLocaleString('en')} nodes restart at once`, 'one ring after a cold start', 2 * minute);
  },
};

/** From now until all nodes are active on one ring, and until their leaf sets are exact. */
function recovery(cluster: Cluster, setting: string, property: string, boundMs: number): Findings {
  const { world } = cluster;
  const from = world.now;
  const measurement = new Measurement(world);
  const ring = new OneRing(world);
  const leafSets = new ExactLeafSets(world);
  const ringMs = timeUntil(cluster, () => ring.problems().length === 0, from);
  const exactMs = timeUntil(cluster, () => leafSets.problems().length === 0, from);
  const figures: NetworkFigures = measurement.figures();
  const exact = exactMs === undefined ? 'leaf sets never exact' : `leaf sets exact after ${seconds(exactMs)}`;
  const verdict = within(ringMs, boundMs);
  return {
    figures: { ringMs, exactMs, ...figures },
    rows: [{ property, setting, published: '–', ...verdict, measured: `${verdict.measured}; ${exact}` }],
  };
}

function timeUntil(cluster: Cluster, condition: () => boolean, from: number): number | undefined {
  return cluster.world.runUntil(condition, giveUpMs, second) ? cluster.world.now - from : undefined;
}

function within(ms: number | undefined, boundMs: number): Pick<Row, 'mustReach' | 'measured' | 'holds'> {
  return {
    mustReach: `within ${seconds(boundMs)}`,
    measured: ms === undefined ? `not within ${seconds(giveUpMs)}` : seconds(ms),
    holds: ms !== undefined && ms <= boundMs,
  };
}

function seconds(ms: number): string {
  return `${Math.round(ms / second)} s`;
}
