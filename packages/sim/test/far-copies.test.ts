import type { BlockRef } from '@dht/storage';
import { describe, expect, test } from 'vitest';
import { ExactLeafSets } from '../src/checkers/exact-leaf-sets.ts';
import { sample } from '../src/engine/distributions.ts';
import { newBlock } from '../src/machine/blocks.ts';
import type { Host } from '../src/machine/host.ts';
import { Cluster } from '../src/world/cluster.ts';
import { World } from '../src/world/world.ts';

const second = 1000;
const minute = 60 * second;
/** More than a leaf set holds. */
const nodes = 60;

interface Reunion {
  readonly world: World;
  readonly cluster: Cluster;
  /** Those who were a ring of their own. */
  readonly few: readonly Host[];
  /** What was stored there meanwhile. */
  readonly blocks: readonly BlockRef[];
}

/** Three nodes, cut off from all others, take blocks whose replica sets are anywhere; then the network is one again. */
function reunite(seed: number): Reunion {
  const world = new World({ seed });
  const cluster = new Cluster(world);
  cluster.build(nodes);
  world.runFor(minute);
  const few = sample(cluster.random, world.hosts, 3);
  cluster.partition([world.hosts.filter((host) => !few.includes(host)), few]);
  world.runFor(minute);
  const blocks = Array.from({ length: 20 }, () => newBlock(cluster.random, 10 * 1024));
  let stored = 0;
  for (const block of blocks) cluster.put(few[0] as Host, block, minute, ({ settled }) => (stored += settled ? 1 : 0));
  expect(world.runUntil(() => stored === blocks.length, minute, second)).toBe(true);
  cluster.heal();
  const exact = new ExactLeafSets(world);
  expect(world.runUntil(() => exact.problems().length === 0, 3 * minute, second)).toBe(true);
  return { world, cluster, few, blocks };
}

/** How many of the blocks a node lacks that is responsible for them. */
function homeless({ world, blocks }: Reunion): number {
  const { replicas } = world.storageConfig;
  return blocks.filter(({ key }) => world.membership.closest(key, replicas).some((host) => !host.disk.has(key))).length;
}

describe.each([1, 2])('copies far from where they belong, seed %i', (seed) => {
  test('what a few nodes took while they were cut off goes to the nodes that are responsible for it', () => {
    const reunion = reunite(seed);
    reunion.world.runUntil(() => homeless(reunion) === 0, 3 * minute, second);
    expect(homeless(reunion)).toBe(0);
  });

  test('those nodes do not leave before it has', () => {
    const reunion = reunite(seed);
    for (const host of reunion.few) reunion.cluster.leave(host);
    reunion.world.runUntil(() => reunion.few.every(({ state }) => state === 'off'), minute, second);
    expect(reunion.few.map(({ state }) => state)).toEqual(['off', 'off', 'off']);
    expect(homeless(reunion)).toBe(0);
  });
});
