import { askLookups, formNetwork } from '../experiments/trial.ts';
import { cpuMsSince } from '../measuring/processor-time.ts';
import { median } from '../measuring/samples.ts';
import { topologies } from '../network/topology.ts';
import type { World } from '../world/world.ts';
import { type Setting, startTurnover } from './measure.ts';

const stepMs = 100;
const stretches = 5;

/** How fast the simulator is with one network, once it runs. */
export interface Speed {
  /** The preset. */
  readonly name: string;
  readonly nodes: number;
  /** Events per second of processor time: nobody comes or goes, and nobody asks for anything. */
  readonly atRest: number;
  /** The same under the churn and the lookups of the setting. */
  readonly atWork: number;
}

/**
 * Forms the network of a setting and measures how fast it goes on: the median of five stretches of so many events each, after as many
 * before them, in which what is called often is compiled. The minutes of the setting do not count.
 */
export function measureSpeed(setting: Setting, stretchEvents: number): Speed {
  const { seed, name, nodes, topology, overlay, sessionMinutes, lookupsPerNodeSecond } = setting;
  const cluster = formNetwork({ seed, nodes, topology: topologies[topology], overlay });
  const atRest = paceOf(cluster.world, stretchEvents);
  startTurnover(cluster, sessionMinutes);
  askLookups(cluster, lookupsPerNodeSecond * nodes);
  return { name, nodes, atRest, atWork: paceOf(cluster.world, stretchEvents) };
}

function paceOf(world: World, stretchEvents: number): number {
  stretch(world, stretchEvents);
  return median(Array.from({ length: stretches }, () => stretch(world, stretchEvents))) ?? 0;
}

/** Events per second of processor time while so many of them happen. */
function stretch({ engine }: World, events: number): number {
  const cpuBefore = process.cpuUsage();
  const from = engine.events;
  while (engine.events - from < events) engine.runUntil(engine.now + stepMs);
  return ((engine.events - from) / cpuMsSince(cpuBefore)) * 1000;
}
