import { presets } from '@dht/overlay';
import { gnutellaTrace } from '../churn/gnutella-trace.ts';
import { liveAt, steepestWindow, type TraceWindow } from '../churn/trace.ts';
import type { NetworkFigures } from '../measuring/measurement.ts';
import { topologies } from '../network/topology.ts';
import { type Experiment, type Findings, type Row, type RunOptions, scaled } from './experiment.ts';
import { proportion, rare } from './proportion.ts';
import { runTrial } from './trial.ts';

const minute = 60_000;
/** The part of the trace in which the network changes most, and the time before it counts. */
const windowMinutes = 130;
const warmUpMinutes = 10;
/** More than MSPastry's 0.01, so that two hours have the 400,000 lookups that a rate of 1.5e-5 needs to be seen. */
const lookupsPerNodeSecond = 0.035;
const linkLoss = 0.05;

/** Figures of Castro, Costa and Rowstron 2004 for the same trace. */
const published = {
  lost: { withoutLoss: 1.5e-5, withLoss: 3.3e-5 },
  wrong: { withoutLoss: 0, withLoss: 1.6e-5 },
};

export const gnutella: Experiment = {
  name: 'gnutella',
  about: 'two hours of the Gnutella-like trace where it is steepest, on a transit-stub topology, preset wan',
  run: (options) => run(options, 0),
};

export const gnutellaLoss: Experiment = {
  name: 'gnutella-loss',
  about: 'the same, with 5 % of all messages lost',
  run: (options) => run(options, linkLoss),
};

/** A trace does not say how nodes end: here without a word and without their connections closing, as packets just stop. */
function run(options: RunOptions, lossRate: number): Findings {
  const window: TraceWindow = steepestWindow(gnutellaTrace(), windowMinutes * minute);
  const nodes = scaled(liveAt(window.trace, window.fromMs), options, 100);
  const figures = runTrial({
    seed: options.seed,
    nodes,
    topology: topologies['transit-stub'],
    overlay: presets.wan,
    churn: window,
    faults: { lossRate, powerLossRate: 1 },
    warmUpMinutes,
    minutes: scaled(windowMinutes - warmUpMinutes, options, 5),
    lookupsPerNodeSecond,
  });
  return { rows: lossRate === 0 ? [...delivery(figures, lossRate), ...cost(figures)] : delivery(figures, lossRate), figures };
}

function setting({ nodesMean, measuredMs }: NetworkFigures, lossRate: number): string {
  return `Gnutella-like trace, ${Math.round(nodesMean)} nodes, ${Math.round(measuredMs / minute)} min, link loss ${100 * lossRate} %, preset wan`;
}

function delivery(figures: NetworkFigures, lossRate: number): Row[] {
  const { ok, wrong, lost } = figures.lookups;
  const mostLost = lossRate === 0 ? published.lost.withoutLoss : published.lost.withLoss;
  const mostWrong = lossRate === 0 ? published.wrong.withoutLoss : published.wrong.withLoss;
  const [lostShare, wrongShare] = [proportion(lost, ok + wrong + lost), proportion(wrong, ok + wrong + lost)];
  return [
    {
      property: 'lookups lost',
      setting: setting(figures, lossRate),
      published: `MSPastry ${mostLost}`,
      mustReach: `≤ ${mostLost}`,
      measured: rare(lostShare),
      holds: lostShare.share <= mostLost,
    },
    {
      property: 'delivered at a wrong root',
      setting: setting(figures, lossRate),
      published: `MSPastry ${mostWrong}`,
      mustReach: mostWrong === 0 ? '0' : `≤ ${mostWrong}`,
      measured: rare(wrongShare),
      holds: wrongShare.share <= mostWrong,
    },
  ];
}

function cost(figures: NetworkFigures): Row[] {
  const { stretch, traffic } = figures;
  const ratio = stretch.ratios?.mean ?? Number.POSITIVE_INFINITY;
  const { messagesPerSecond, bytesPerSecond } = traffic.control;
  return [
    {
      property: 'delay stretch',
      setting: `${setting(figures, 0)}, transit-stub`,
      published: 'MSPastry < 2 (about 1.8)',
      mustReach: 'mean ≤ 1.7',
      measured: `mean ${ratio.toFixed(2)}, median ${stretch.ratios?.p50.toFixed(2)}; of the means ${stretch.ofMeans?.toFixed(2)}`,
      holds: ratio <= 1.7,
    },
    {
      property: 'control messages per node and second',
      setting: setting(figures, 0),
      published: 'MSPastry < 0.5',
      mustReach: '≤ 0.4',
      measured: `${messagesPerSecond.toFixed(2)} (${bytesPerSecond.toFixed(0)} B)`,
      holds: messagesPerSecond <= 0.4,
    },
  ];
}
