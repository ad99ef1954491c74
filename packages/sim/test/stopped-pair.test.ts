import { expect, test } from 'vitest';
import { ExactLeafSets } from '../src/checkers/exact-leaf-sets.ts';
import { sample } from '../src/engine/distributions.ts';
import type { Host } from '../src/machine/host.ts';
import { overlayCore } from '../src/machine/overlay-core.ts';
import { Cluster } from '../src/world/cluster.ts';
import { World } from '../src/world/world.ts';

const second = 1000;
const seeds = Array.from({ length: 40 }, (_, i) => 1 + i);

/** Verdicts on processes that were stopped when they were given, and on those that were running. */
interface Verdicts {
  stopped: number;
  running: number;
}

/** Two of three to six processes are stopped for ten seconds, so that the others give both up and tell each of the other's death. */
function stopTwo(seed: number, lossRate: number): Verdicts {
  const world = new World({ seed, createCore: overlayCore });
  const cluster = new Cluster(world);
  const hosts = cluster.form(3 + (seed % 4));
  world.runFor(20 * second);
  cluster.setFaults({ lossRate });
  const verdicts: Verdicts = { stopped: 0, running: 0 };
  world.observers.add({
    onEvent: (_host, event) => {
      if (event.type !== 'failed') return;
      if (world.findHost(event.id)?.runs === true) verdicts.running++;
      else verdicts.stopped++;
    },
  });
  const two: readonly Host[] = sample(cluster.random, hosts, 2);
  for (const host of two) cluster.pause(host);
  world.runFor(10 * second);
  for (const host of two) cluster.resume(host);
  world.runFor(5 * second);
  expect(new ExactLeafSets(world).problems(), `seed ${seed}`).toEqual([]);
  return verdicts;
}

test.each([0, 0.02])(
  'two members that were stopped together do not believe in each other’s death when they go on (%d lost)',
  (lossRate) => {
    const all = seeds.map((seed) => ({ seed, ...stopTwo(seed, lossRate) }));
    expect(all.filter(({ running }) => running > 0)).toEqual([]);
    expect(all.filter(({ stopped }) => stopped >= 2).length).toBeGreaterThan(seeds.length / 2);
  },
);
