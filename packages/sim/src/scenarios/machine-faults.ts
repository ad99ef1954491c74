import { sample } from '../engine/distributions.ts';
import { brisk } from './brisk.ts';
import type { Scenario } from './scenario.ts';
import { story } from './story.ts';

const second = 1000;
const minute = 60 * second;

export const halfDies: Scenario = {
  name: 'half-dies',
  about: 'half of all nodes crash at the same instant, with r = 5',
  nodes: 16,
  minutes: 0.5,
  settleMs: 3 * minute,
  world: { ...brisk, storage: { ...brisk.storage, replicas: 5, writeQuorum: 3 } },
  script: ({ cluster, nodes, durationMs, workload }) => {
    const hosts = cluster.form(nodes);
    workload.start();
    cluster.world.runFor(durationMs);
    workload.stop();
    cluster.world.runFor(30 * second);
    for (const host of sample(cluster.random, hosts, Math.floor(nodes / 2))) cluster.crash(host);
    cluster.world.runFor(second);
  },
};

export const halfReturns: Scenario = story({
  name: 'half-returns',
  about: 'half of all nodes lose power at the same instant and are back after half a minute, some at another address',
  nodes: 14,
  injection: {
    faults: { powerLossRate: 1, readdressRate: 0.2 },
    incidents: [{ type: 'mass-failure', at: 0.3, share: 0.5, restartAfterMs: 30 * second }],
  },
});

export const halfTricklesBack: Scenario = story({
  name: 'half-trickles-back',
  about:
    'half of all nodes lose power at the same instant and are back one after the other, while blocks are asked for that only they have',
  nodes: 16,
  minutes: 0.8,
  workload: { putsPerSecond: 2, getsPerSecond: 40 },
  injection: {
    faults: { powerLossRate: 1 },
    incidents: [{ type: 'mass-failure', at: 0.4, share: 0.5, restartAfterMs: 12 * second, restartSpreadMs: 18 * second }],
  },
});

export const clockDrift: Scenario = story({
  name: 'clock-drift',
  about: 'clocks are fast or slow by up to 2 % and wrong by up to a day, while nodes pause and crash',
  injection: {
    faults: { clockDriftPpmMax: 20_000, wallSkewMsMax: 1440 * minute },
    incidents: [
      { type: 'pause', at: 0.1, lasts: 0.15, share: 0.15 },
      { type: 'mass-failure', at: 0.5, share: 0.1, restartAfterMs: 5 * second },
    ],
  },
});

export const slowDisks: Scenario = story({
  name: 'slow-disks',
  about: 'a third of all disks are 50 times slower, and machines lose power in the middle of writes',
  injection: {
    faults: { slowDiskRate: 0.33, slowDiskFactor: 50, powerLossRate: 1, tornWriteRate: 0.5 },
    incidents: [
      { type: 'mass-failure', at: 0.3, share: 0.1, restartAfterMs: 5 * second },
      { type: 'mass-failure', at: 0.6, share: 0.1, restartAfterMs: 5 * second },
    ],
  },
});
