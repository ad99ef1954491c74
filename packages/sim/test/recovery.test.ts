import { expect, test } from 'vitest';
import { ExactLeafSets } from '../src/checkers/exact-leaf-sets.ts';
import { Cluster } from '../src/cluster.ts';
import { sample } from '../src/distributions.ts';
import { overlayCore } from '../src/overlay-core.ts';
import { topologies } from '../src/topology.ts';
import { World } from '../src/world.ts';

const second = 1000;

test('half of 150 nodes fall silent at one instant: leaf sets are exact as soon as the dead are found', () => {
  const seed = 8;
  const world = new World({ seed, createCore: overlayCore, topology: topologies['transit-stub'] });
  const cluster = new Cluster(world);
  cluster.build(150);
  cluster.setFaults({ powerLossRate: 1 });
  world.runFor(10 * second);
  for (const host of sample(cluster.random, world.hosts, 75)) cluster.crash(host);
  const exact = new ExactLeafSets(world);
  world.runUntil(() => exact.problems().length === 0, 25 * second, second);
  expect(exact.problems(), `seed ${seed}`).toEqual([]);
});
