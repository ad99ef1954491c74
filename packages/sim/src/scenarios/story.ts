import { SeededRandom } from '@dht/overlay';
import { type FaultOptions, noFaults } from '../injection/faults.ts';
import { scheduleIncidents } from '../injection/incidents.ts';
import type { Injection } from '../injection/injection.ts';
import type { WorkloadOptions } from '../run/workload.ts';
import type { WorldOptions } from '../world/world.ts';
import { brisk } from './brisk.ts';
import type { Scenario, Stage } from './scenario.ts';

const minute = 60_000;
const defaults = { nodes: 12, minutes: 1, settleMs: 3 * minute };
/** Stream of the seed that an injection is drawn from. */
const injectionStream = 0x696e6a;

/** A scenario that its injection describes wholly. */
export interface Story {
  readonly name: string;
  readonly about: string;
  readonly nodes?: number;
  readonly minutes?: number;
  readonly settleMs?: number;
  /** On top of the brisk world. */
  readonly world?: Omit<WorldOptions, 'seed' | 'faults' | 'topology'>;
  readonly workload?: Partial<WorkloadOptions>;
  readonly injection: Injection | ((random: SeededRandom) => Injection);
}

/** A network forms, stores and looks up, and lives through what the injection has for it. */
export function story({ name, about, world, injection, ...sizes }: Story): Scenario {
  const drawn = (seed: number): Injection =>
    typeof injection === 'function' ? injection(new SeededRandom(seed, injectionStream)) : injection;
  return {
    ...defaults,
    ...sizes,
    name,
    about,
    world: (seed) => {
      const { topology, faults = {} } = drawn(seed);
      return { ...brisk, ...world, ...(topology !== undefined && { topology }), faults: { ...faults, ...soundMessages } };
    },
    script: (stage) => goThrough(stage, drawn(stage.cluster.world.seed)),
  };
}

/** While the network forms. */
const soundMessages: Partial<FaultOptions> = {
  lossRate: noFaults.lossRate,
  duplicateRate: noFaults.duplicateRate,
  reorderRate: noFaults.reorderRate,
  corruptRate: noFaults.corruptRate,
  diskCorruptRate: noFaults.diskCorruptRate,
};

function goThrough({ cluster, nodes, durationMs, workload, startChurn }: Stage, { faults, churn, incidents = [] }: Injection): void {
  cluster.form(nodes);
  if (faults !== undefined) cluster.setFaults(faults);
  workload.start();
  if (churn !== undefined) startChurn(churn);
  scheduleIncidents(cluster, incidents, durationMs);
  cluster.world.runFor(durationMs);
}
