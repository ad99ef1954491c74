import { detection } from './detection.ts';
import type { Experiment } from './experiment.ts';
import { churnPrice, extremeChurn } from './extreme-churn.ts';
import { gnutella, gnutellaLoss } from './gnutella.ts';
import { hops, hopsLarge, hopsSmall } from './hops.ts';
import { nonTransitive } from './non-transitive.ts';
import { pauses } from './pauses.ts';
import { coldStart, halfFails, massJoin, partitionHeals } from './recovery.ts';

/** All experiments, in the order of the table. */
export const experiments: readonly Experiment[] = [
  gnutella,
  gnutellaLoss,
  extremeChurn,
  hops,
  hopsLarge,
  hopsSmall,
  nonTransitive,
  halfFails,
  partitionHeals,
  massJoin,
  coldStart,
  pauses,
  detection,
  churnPrice,
];

export function findExperiment(name: string): Experiment | undefined {
  return experiments.find((experiment) => experiment.name === name);
}
