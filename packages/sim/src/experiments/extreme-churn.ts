import { turnover } from '../churn/churn-plan.ts';
import type { NetworkFigures } from '../measuring/measurement.ts';
import { topologies } from '../network/topology.ts';
import { type Experiment, type Findings, type RunOptions, scaled } from './experiment.ts';
import { common, proportion } from './proportion.ts';
import { runTrial } from './trial.ts';

const minute = 60_000;
const medianMinutes = 1.4;
/** Of the curve that shows what churn costs. */
const medianMinutesOfCurve = [medianMinutes, 5, 15, 60];
const nodesOfCurve = 200;
const nodesFull = 1_000;
const lookupsPerNodeSecond = 0.05;
const bytesMax = 900;
const rightShare = 0.999;

/** Half of those that go close their connections, the other half fall silent. */
export const extremeChurn: Experiment = {
  name: 'extreme-churn',
  about: '1,000 nodes whose sessions last 1.4 minutes in the median',
  run: (options: RunOptions): Findings => {
    const nodes = scaled(nodesFull, options, 50);
    const figures = turnOver(options.seed, nodes, medianMinutes);
    const { ok, wrong, lost } = figures.lookups;
    const right = proportion(ok, ok + wrong + lost);
    const { bytesPerSecond } = figures.traffic.total;
    const row = {
      setting: `${nodes} nodes, median session ${medianMinutes} min, 10 min`,
      published: 'Bamboo keeps working, < 900 B/s/node',
    };
    return {
      figures,
      rows: [
        {
          ...row,
          property: 'lookups complete at extreme churn',
          mustReach: '≥ 99.9 % right',
          measured: `${common(right)}, ${wrong} wrong, ${lost} lost`,
          holds: right.share >= rightShare,
        },
        {
          ...row,
          property: 'bytes per node and second at extreme churn',
          mustReach: `≤ ${bytesMax}`,
          measured: bytesPerSecond.toFixed(0),
          holds: bytesPerSecond <= bytesMax,
        },
      ],
    };
  },
};

export const churnPrice: Experiment = {
  name: 'churn-price',
  about: 'bytes per node and second over median sessions of 1.4 to 60 minutes, 200 nodes',
  run: (options: RunOptions): Findings => {
    const nodes = scaled(nodesOfCurve, options, 50);
    const curve = medianMinutesOfCurve.map((median) => ({ median, ...turnOver(options.seed, nodes, median) }));
    return {
      figures: curve,
      rows: curve.map(({ median, traffic: { total } }) => ({
        property: 'bytes per node and second over session time',
        setting: `${nodes} nodes, median session ${median} min, 10 min`,
        published: '–',
        mustReach: `≤ ${bytesMax}`,
        measured: total.bytesPerSecond.toFixed(0),
        holds: total.bytesPerSecond <= bytesMax,
      })),
    };
  },
};

/** Everybody goes after a memoryless session, and a fresh node comes in its place. */
function turnOver(seed: number, nodes: number, sessionMinutesMedian: number): NetworkFigures {
  // The median is ln 2 times the mean.
  const sessionMsMean = (sessionMinutesMedian / Math.LN2) * minute;
  return runTrial({
    seed,
    nodes,
    topology: topologies['transit-stub'],
    churn: turnover('poisson', sessionMsMean),
    faults: { powerLossRate: 0.5 },
    warmUpMinutes: 5,
    minutes: 10,
    lookupsPerNodeSecond,
  });
}
