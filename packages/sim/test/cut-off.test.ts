import { expect, test } from 'vitest';
import { ExactLeafSets } from '../src/checkers/exact-leaf-sets.ts';
import { sample } from '../src/engine/distributions.ts';
import { overlayCore } from '../src/machine/overlay-core.ts';
import { topologies } from '../src/network/topology.ts';
import { Cluster } from '../src/world/cluster.ts';
import { World } from '../src/world/world.ts';

const second = 1000;

const cases = [1, 3].flatMap((cut) => [918253247, 2, 3, 4].map((seed) => ({ cut, seed })));

test.each(cases)('$cut of 18 nodes that were cut off for half a minute are members again within 20 s (seed $seed)', ({ cut, seed }) => {
  const world = new World({ seed, createCore: overlayCore, topology: topologies.lan });
  const cluster = new Cluster(world);
  cluster.form(18);
  world.runFor(60 * second);
  const part = new Set(sample(cluster.random, world.hosts, cut));
  cluster.partition([world.hosts.filter((host) => !part.has(host)), [...part]]);
  world.runFor(30 * second);
  cluster.heal();
  const exact = new ExactLeafSets(world);
  expect(exact.problems().length, `seed ${seed}`).toBeGreaterThan(0);
  world.runUntil(() => exact.problems().length === 0, 20 * second, second);
  expect(exact.problems()[0]?.message, `seed ${seed}`).toBeUndefined();
});
