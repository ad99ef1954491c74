import { Measurement } from '../measuring/measurement.ts';
import { type Experiment, type Findings, type RunOptions, scaled } from './experiment.ts';
import { proportion, rare } from './proportion.ts';
import { askLookups, drain, formNetwork } from './trial.ts';

const second = 1000;
const minute = 60 * second;
const nodesFull = 500;
const cutShare = 0.05;
const failedMax = 1e-4;
const lookupsPerNodeSecond = 0.1;

/** Of the pairs of hosts each is cut with the same chance. Measured from the moment of the cut on. */
export const nonTransitive: Experiment = {
  name: 'non-transitive',
  about: '5 % of all pairs of nodes cannot talk to each other',
  run: (options: RunOptions): Findings => {
    const nodes = scaled(nodesFull, options, 30);
    const cluster = formNetwork({ seed: options.seed, nodes });
    const { world } = cluster;
    cluster.cutPairs(cutShare);
    const measurement = new Measurement(world);
    const workload = askLookups(cluster, lookupsPerNodeSecond * nodes);
    world.runFor(10 * minute);
    drain(cluster, workload);
    const figures = measurement.figures();
    const { ok, wrong, lost } = figures.lookups;
    const failed = proportion(wrong + lost, ok + wrong + lost);
    return {
      figures,
      rows: [
        {
          property: 'non-transitive pairs: lookups that fail',
          setting: `${nodes} nodes, ${100 * cutShare} % of pairs cannot talk, 10 min`,
          published: '2.9–7.5 % (Chord, Tapestry)',
          mustReach: '≤ 0.01 %',
          measured: `${rare(failed)}, ${wrong} wrong, ${lost} lost`,
          holds: failed.share <= failedMax,
        },
      ],
    };
  },
};
