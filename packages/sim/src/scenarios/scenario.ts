import type { ChurnProcess } from '../churn/churn.ts';
import type { ChurnPlan } from '../churn/churn-plan.ts';
import type { Workload, WorkloadOptions } from '../run/workload.ts';
import type { Cluster } from '../world/cluster.ts';
import type { WorldOptions } from '../world/world.ts';

/** What a script has at hand. */
export interface Stage {
  readonly cluster: Cluster;
  /** How many nodes the run is to have. */
  readonly nodes: number;
  /** How long the run is to last, in virtual milliseconds, forming and settling not counted. */
  readonly durationMs: number;
  /** Stopped when the script ends. */
  readonly workload: Workload;
  /** Churn that was asked for on the command line; undefined for none, and for the scenario's own when it has one. */
  readonly churn: ChurnPlan | undefined;
  /** Starts churn; it is stopped when the script ends. */
  startChurn(plan: ChurnPlan): ChurnProcess;
}

/** A story with a name: what happens to a network, after which it must become whole again. */
export interface Scenario {
  readonly name: string;
  /** One line for people. */
  readonly about: string;
  readonly nodes: number;
  readonly minutes: number;
  /** Within this time after the last fault everything must be as it should be. */
  readonly settleMs: number;
  /** What the world is made from, which may itself be drawn from the seed. */
  readonly world?: Omit<WorldOptions, 'seed'> | ((seed: number) => Omit<WorldOptions, 'seed'>);
  /** What is asked of the network, where it differs from what is asked of others. */
  readonly workload?: Partial<WorkloadOptions>;
  readonly script: (stage: Stage) => void;
}

/** What the scenario makes its world from for this seed. */
export function worldOf({ world }: Scenario, seed: number): Omit<WorldOptions, 'seed'> {
  return typeof world === 'function' ? world(seed) : (world ?? {});
}
