import type { Cluster } from '../world/cluster.ts';
import { Churn, type ChurnOptions, type ChurnProcess } from './churn.ts';
import { gnutellaTrace } from './gnutella-trace.ts';
import { steepestWindow, type TraceWindow } from './trace.ts';
import { TraceChurn } from './trace-churn.ts';

/** How nodes come and go: by chance, or as a part of a trace says. */
export type ChurnPlan = ChurnOptions | TraceWindow;

export function createChurn(cluster: Cluster, plan: ChurnPlan): ChurnProcess {
  return 'trace' in plan ? new TraceChurn(cluster, plan) : new Churn(cluster, plan);
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

export const lightChurn: ChurnOptions = {
  model: 'poisson',
  sessionMsMean: 240 * minute,
  downMsMean: 2 * minute,
  leaveShare: 0.3,
  pauseShare: 0.1,
  pauseMsMean: 10 * second,
  wipeShare: 0.1,
  replaceShare: 0.3,
};

/** As the published evaluations have it: everybody goes without a word, and a fresh node comes in its place. */
export function turnover(model: ChurnOptions['model'], sessionMsMean: number): ChurnOptions {
  return { ...lightChurn, model, sessionMsMean, downMsMean: 1 * second, leaveShare: 0, pauseShare: 0, wipeShare: 0, replaceShare: 1 };
}

/** Mean session times of the published evaluations, in minutes (MSPastry: 5 to 600). */
const sessionMinutes = [5, 15, 30, 60, 120, 600] as const;

type ModelName = `${ChurnOptions['model']}-${(typeof sessionMinutes)[number]}`;
export type ChurnName = 'none' | 'light' | 'heavy' | 'gnutella' | ModelName;

/** By the names that the command line knows. Those with a number have it as their mean session in minutes. */
export const churnPlans: Readonly<Record<ChurnName, () => ChurnPlan | undefined>> = {
  none: () => undefined,
  light: () => lightChurn,
  heavy: () => ({ ...lightChurn, sessionMsMean: 30 * minute }),
  ...modelPlans(),
  gnutella: () => steepestWindow(gnutellaTrace(), 2 * hour),
};

function modelPlans(): Record<ModelName, () => ChurnPlan> {
  const models = ['poisson', 'weibull'] as const;
  const plans = models.flatMap((model) => sessionMinutes.map((mean) => [`${model}-${mean}`, () => turnover(model, mean * minute)]));
  return Object.fromEntries(plans) as Record<ModelName, () => ChurnPlan>;
}
