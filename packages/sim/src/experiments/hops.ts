import { topologies } from '../network/topology.ts';
import { type Experiment, type Findings, type Row, type RunOptions, scaled } from './experiment.ts';
import { builtFrom, runTrial } from './trial.ts';

interface HopsSetting {
  readonly nodes: number;
  readonly published: string;
  readonly meanMax: number;
}

export const hopsSmall: Experiment = {
  name: 'hops-small',
  about: 'the length of lookups among 100, 250 and 500 nodes',
  run: (options) =>
    runAll(
      [100, 250, 500].map((nodes) => ({ nodes, published: '–', meanMax: 1.1 })),
      options,
    ),
};

export const hops: Experiment = {
  name: 'hops',
  about: 'the length of lookups among 10,000 nodes',
  run: (options) => runAll([{ nodes: 10_000, published: 'Pastry log16 N (3.3)', meanMax: 2.6 }], options),
};

/** Needs about 8 GB of memory: `NODE_OPTIONS=--max-old-space-size=8000`. */
export const hopsLarge: Experiment = {
  name: 'hops-large',
  about: 'the length of lookups among 100,000 nodes',
  run: (options) => runAll([{ nodes: 100_000, published: 'Pastry log16 N (4.2)', meanMax: 3.4 }], options),
};

function runAll(settings: readonly HopsSetting[], options: RunOptions): Findings {
  const all = settings.map((setting) => runOne(setting, options));
  return { rows: all.map(({ row }) => row), figures: all.map(({ figures }) => figures) };
}

/** No churn: tables as good as upkeep makes them within the warm-up, or as they are built. */
function runOne({ nodes: full, published, meanMax }: HopsSetting, options: RunOptions): { readonly row: Row; readonly figures: unknown } {
  const nodes = scaled(full, options, 10);
  const figures = runTrial({
    seed: options.seed,
    nodes,
    topology: topologies['transit-stub'],
    warmUpMinutes: nodes < builtFrom ? 15 : 0,
    minutes: 2,
    lookupsPerNodeSecond: Math.min(0.2, 100 / nodes),
  });
  const { hops: measured } = figures.lookups;
  const mean = measured?.mean ?? Number.POSITIVE_INFINITY;
  const row = {
    property: nodes <= 500 ? 'hops in small networks' : 'hops',
    setting: `${nodes.toLocaleString('en')} nodes`,
    published,
    mustReach: `mean ≤ ${meanMax}`,
    measured: `mean ${mean.toFixed(2)}, p99 ${measured?.p99}, max ${measured?.max} (of ${measured?.count.toLocaleString('en')})`,
    holds: mean <= meanMax,
  };
  return { row, figures: { nodes, ...figures } };
}
