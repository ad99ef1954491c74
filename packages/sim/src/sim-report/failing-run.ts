import type { Violation } from '../checkers/violations.ts';
import { sample } from '../engine/distributions.ts';
import type { Report } from '../run/report.ts';
import { simulate } from '../run/simulate.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { World } from '../world/world.ts';
import { type RingSnapshot, snapshotOf } from './ring-snapshot.ts';

const second = 1000;
const minute = 60 * second;
/** The first few show what happened. */
const picturesMax = 3;

/** A run, with pictures of the ring as it was at each of its first violations. */
export interface FailingRun {
  readonly about: string;
  readonly isExample: boolean;
  readonly report: Report;
  readonly pictures: readonly RingSnapshot[];
}

/** What such pictures look like, when nothing is wrong: demands that no network could meet. */
const unhealed: Scenario = {
  name: 'unhealed-partition',
  about: 'The network falls into two parts, and is judged as one although it stays so',
  nodes: 40,
  minutes: 1,
  settleMs: 1 * minute,
  script: ({ cluster, nodes, durationMs }) => {
    const hosts = cluster.form(nodes);
    const part = sample(cluster.random, hosts, Math.ceil(nodes / 3));
    cluster.partition([hosts.filter((host) => !part.includes(host)), part]);
    cluster.world.runFor(durationMs);
  },
};

/** Collects pictures while a run goes on. */
export class Pictures {
  readonly list: RingSnapshot[] = [];
  readonly onViolation = (violation: Violation, world: World): void => {
    if (this.list.length < picturesMax) this.list.push(snapshotOf(violation, world));
  };
}

export function exampleOfViolation(seed: number): FailingRun {
  return { ...playWithPictures(unhealed, seed), isExample: true };
}

/** Plays a scenario as `npm run sim` does. */
export function playWithPictures(scenario: Scenario, seed: number): FailingRun {
  const pictures = new Pictures();
  const report = simulate({ scenario, seed, onViolation: pictures.onViolation });
  return { about: scenario.about, isExample: false, report, pictures: pictures.list };
}
