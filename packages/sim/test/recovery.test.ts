import { expect, test } from 'vitest';
import { ExactLeafSets } from '../src/checkers/exact-leaf-sets.ts';
import { Cluster } from '../src/cluster.ts';
import { sample } from '../src/distributions.ts';
import { overlayCore } from '../src/overlay-core.ts';
import { topologies } from '../src/topology.ts';
import { World } from '../src/world.ts';

const second = 1000;

test.each([4, 8])('half of 150 nodes fall silent at one instant: leaf sets are exact as soon as the dead are found (seed %i)', (seed) => {
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

test('a node that dies on its way in, and is started again with no argument, gets in', () => {
  const seed = 506;
  const world = new World({ seed, createCore: overlayCore });
  const cluster = new Cluster(world);
  cluster.form(10);
  const joiner = cluster.join([cluster.anyActive()]);
  world.runFor(20);
  cluster.crash(joiner);
  expect(joiner.previouslyActive).toBe(false);
  cluster.restart(joiner);
  world.runUntil(() => joiner.status === 'active', 4 * second, 100);
  expect(joiner.status, `seed ${seed}`).toBe('active');
});
