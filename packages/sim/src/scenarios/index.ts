import type { Scenario } from '../scenario.ts';
import { crashChurn, leaves, lossyChurn, mixedChurn, pauses, restartChurn, steady } from './churn.ts';
import { clients, coldStart, joinCrash, joinStorm, merge } from './formation.ts';
import { halfDies, loss, nonTransitive, oneWay, partition } from './network-faults.ts';

/** All scenarios, the one that plays by default first. */
export const scenarios: readonly Scenario[] = [
  steady,
  joinStorm,
  joinCrash,
  crashChurn,
  restartChurn,
  pauses,
  mixedChurn,
  lossyChurn,
  leaves,
  coldStart,
  merge,
  clients,
  loss,
  partition,
  nonTransitive,
  oneWay,
  halfDies,
];

export function findScenario(name: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.name === name);
}
