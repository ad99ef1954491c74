import { crashChurn, leaves, lossyChurn, mixedChurn, pauses, restartChurn, steady, traceChurn, weibullChurn } from './churn.ts';
import { clients, coldStart, joinCrash, joinStorm, merge } from './formation.ts';
import { clockDrift, halfDies, halfReturns, halfTricklesBack, slowDisks } from './machine-faults.ts';
import { broadband, lastingCuts, loss, nonTransitive, oneWay, partitionHeals, slowLines } from './network-faults.ts';
import { random } from './random.ts';
import type { Scenario } from './scenario.ts';

/** All scenarios, the one that plays by default first. */
export const scenarios: readonly Scenario[] = [
  steady,
  joinStorm,
  joinCrash,
  crashChurn,
  restartChurn,
  weibullChurn,
  traceChurn,
  pauses,
  mixedChurn,
  lossyChurn,
  leaves,
  coldStart,
  merge,
  clients,
  loss,
  partitionHeals,
  nonTransitive,
  lastingCuts,
  oneWay,
  broadband,
  slowLines,
  halfDies,
  halfReturns,
  halfTricklesBack,
  clockDrift,
  slowDisks,
  random,
];

export function findScenario(name: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.name === name);
}
