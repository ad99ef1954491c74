import { broadbandLines } from '../network/line.ts';
import { topologies } from '../network/topology.ts';
import type { Scenario } from './scenario.ts';
import { story } from './story.ts';

const minute = 60_000;

export const loss: Scenario = story({
  name: 'loss',
  about: '5 % of all messages vanish, some come twice or late, while nodes join',
  nodes: 8,
  injection: {
    faults: { lossRate: 0.05, duplicateRate: 0.02, reorderRate: 0.02, reorderMsMax: 500, corruptRate: 0.02, diskCorruptRate: 0.01 },
    incidents: [{ type: 'join-storm', at: 0, lasts: 0.1, share: 0.8 }],
  },
});

export const partitionHeals: Scenario = story({
  name: 'partition-heals',
  about: 'the network falls into two parts that both live on, and heals',
  minutes: 1.3,
  settleMs: 4 * minute,
  injection: { incidents: [{ type: 'partition', at: 0.1, lasts: 0.75, share: 1 / 3 }] },
});

export const nonTransitive: Scenario = story({
  name: 'non-transitive',
  about: 'some pairs of nodes cannot reach each other, though others reach both',
  injection: { incidents: [{ type: 'cut-pairs', at: 0, lasts: 1, share: 0.06 }] },
});

export const lastingCuts: Scenario = story({
  name: 'lasting-cuts',
  about: 'some pairs of nodes never reach each other again, though others reach both',
  injection: { incidents: [{ type: 'cut-pairs', at: 0, lasts: Number.POSITIVE_INFINITY, share: 0.06 }] },
});

export const oneWay: Scenario = story({
  name: 'one-way',
  about: 'nothing that a few nodes send arrives at the others for a while, but the other way it does',
  minutes: 0.5,
  settleMs: 4 * minute,
  injection: { incidents: [{ type: 'one-way', at: 0, lasts: 1, share: 1 / 4 }] },
});

export const broadband: Scenario = story({
  name: 'broadband',
  about: 'domains with lines from 1 to 100 Mbit/s, some nodes of which crash and return',
  injection: {
    topology: { ...topologies.mixed, lines: broadbandLines },
    incidents: [{ type: 'mass-failure', at: 0.5, share: 0.15, restartAfterMs: 10_000 }],
  },
});

/** Small blocks and few, for each node is asked for its share of all: a modem needs a minute for 256 KiB, and half a put's time for its part. */
export const slowLines: Scenario = story({
  name: 'slow-lines',
  about: 'peers as a public network has them: 32 kbit/s to 100 Mbit/s, 1 to 1,000 ms, some of which crash and return',
  settleMs: 10 * minute,
  workload: { putsPerSecond: 0.3, getsPerSecond: 1, largeShare: 0 },
  injection: { topology: topologies.mixed, incidents: [{ type: 'mass-failure', at: 0.5, share: 0.15, restartAfterMs: 10_000 }] },
});
