import { arcBoundary } from '@dht/overlay';
import type { BlockRef, GetResult, PutResult } from '@dht/storage';
import { describe, expect, test } from 'vitest';
import { ExactLeafSets } from '../src/checkers/exact-leaf-sets.ts';
import { newBlock } from '../src/machine/blocks.ts';
import type { Host } from '../src/machine/host.ts';
import { Measurement } from '../src/measuring/measurement.ts';
import { Cluster } from '../src/world/cluster.ts';
import { World } from '../src/world/world.ts';

const second = 1000;
const minute = 60 * second;
const seeds = Array.from({ length: 4 }, (_, i) => 1 + i);
const nodes = 24;

interface CutRing {
  readonly world: World;
  readonly cluster: Cluster;
  readonly pair: readonly [Host, Host];
}

/** A ring in which a node and the one so many places clockwise of it cannot reach each other, and know it. */
function cutNeighbours(seed: number, places: number = 1): CutRing {
  const world = new World({ seed });
  const cluster = new Cluster(world);
  const hosts = cluster.form(nodes);
  world.runFor(minute);
  const one = hosts[seed % nodes] as Host;
  const other = world.membership.clockwise(one.id, places).at(-1) as Host;
  world.network.reachability.cutPair(one.index, other.index);
  world.runFor(2 * minute);
  return { world, cluster, pair: [one, other] };
}

/** A new block of whose three members these are two. */
function blockBetween({ world, cluster, pair }: CutRing, size: number): BlockRef {
  for (;;) {
    const block = newBlock(cluster.random, size);
    const members = world.membership.closest(block.key, world.storageConfig.replicas);
    if (pair.every((host) => members.includes(host))) return block;
  }
}

function isExact(world: World): boolean {
  return new ExactLeafSets(world).problems().length === 0;
}

describe.each(seeds)('neighbours that do not reach each other, seed %d', (seed) => {
  test('a put gives the r closest their copies at once', () => {
    const ring = cutNeighbours(seed);
    const { world, cluster, pair } = ring;
    for (const size of [10 * 1024, 256 * 1024]) {
      const block = blockBetween(ring, size);
      const results: PutResult[] = [];
      const from = world.now;
      cluster.put(pair[0], block, minute, (result) => results.push(result));
      world.runUntil(() => results.at(-1)?.settled === true, minute, 10);
      expect(results.at(-1)).toMatchObject({ outcome: 'stored', shortfall: 'none' });
      const members = world.membership.closest(block.key, world.storageConfig.replicas);
      expect(
        results
          .at(-1)
          ?.holders.map(({ node }) => node.id.hex)
          .sort(),
      ).toEqual(members.map(({ id }) => id.hex).sort());
      expect(members.every(({ disk }) => disk.has(block.key))).toBe(true);
      expect(world.now - from, 'nobody was waited for in vain').toBeLessThan(world.storageConfig.offerTimeoutMs);
    }
  });

  test('a key that nobody has is not found', () => {
    const ring = cutNeighbours(seed);
    const results: GetResult[] = [];
    ring.cluster.get(ring.pair[0], blockBetween(ring, 100), minute, (result) => results.push(result));
    ring.world.runUntil(() => results.length > 0, minute, 10);
    expect(results).toEqual([{ outcome: 'not-found' }]);
  });

  test('one that comes back gets what was stored meanwhile, and is synced', () => {
    const ring = cutNeighbours(seed, 2);
    const { world, cluster, pair } = ring;
    const [one, other] = pair;
    const blocks = Array.from({ length: 10 }, () => blockBetween(ring, 10 * 1024));
    cluster.crash(other);
    world.runFor(20 * second);
    let stored = 0;
    for (const block of blocks) cluster.put(one, block, minute, ({ settled }) => (stored += settled ? 1 : 0));
    world.runUntil(() => stored === blocks.length, minute, 100);
    cluster.restart(other);
    const isWhole = (): boolean => blocks.every(({ key }) => other.disk.has(key) && other.core?.isSynced(key) === true);
    expect(world.runUntil(isWhole, 3 * minute, second)).toBe(true);
    expect(world.runUntil(() => isExact(world), minute, second)).toBe(true);
  });

  test('a member that reaches nobody who has a block gets it through others', () => {
    const ring = cutNeighbours(seed);
    const { world, cluster, pair } = ring;
    const [one] = pair;
    const block = blockBetween(ring, 10 * 1024);
    cluster.crash(one);
    world.runFor(20 * second);
    let isSettled = false;
    cluster.put(cluster.anyActive(), block, minute, ({ settled }) => (isSettled ||= settled));
    world.runUntil(() => isSettled, minute, 100);
    const holders = world.hosts.filter(({ disk }) => disk.has(block.key));
    expect(holders.length).toBeGreaterThanOrEqual(world.storageConfig.replicas);
    for (const holder of holders) world.network.reachability.cutPair(one.index, holder.index);
    cluster.restart(one);
    expect(world.runUntil(() => one.disk.has(block.key), 5 * minute, second)).toBe(true);
  });

  test('a node that does not reach its successor joins', () => {
    const { world, cluster, pair } = cutNeighbours(seed);
    const [one, successor] = pair;
    cluster.crash(one);
    world.runFor(20 * second);
    cluster.restart(one);
    expect(world.runUntil(() => one.status === 'active', 20 * second, second)).toBe(true);
    expect(world.runUntil(() => isExact(world), minute, second)).toBe(true);
    expect(successor.core?.overlay.isLeaf(one.id)).toBe(true);
  });

  test('the keys of one that comes back have one root, also where its word does not arrive', () => {
    const { world, cluster, pair } = cutNeighbours(seed);
    const [one, successor] = pair;
    const key = arcBoundary(one.id, arcBoundary(one.id, successor.id));
    cluster.crash(one);
    world.runFor(20 * second);
    cluster.restart(one);
    expect(world.runUntil(() => one.status === 'active', 20 * second, 10)).toBe(true);
    const measurement = new Measurement(world);
    const others = world.membership.closest(key, 6).slice(2);
    for (let sinceMs = 0; sinceMs < 15 * second; sinceMs += 100) {
      for (const origin of [successor, ...others]) cluster.lookup(origin, key, 'recursive');
      world.runFor(100);
    }
    world.runFor(10 * second);
    const { ok, wrong, lost } = measurement.figures().lookups;
    expect({ ok, wrong, lost }).toEqual({ ok: 5 * 150, wrong: 0, lost: 0 });
  });

  test('a node joins between the two', () => {
    const { world, cluster, pair } = cutNeighbours(seed);
    const [one, other] = pair;
    const between = arcBoundary(one.id, other.id);
    const joiner = cluster.join([cluster.anyActive()], 'full', between);
    expect(world.runUntil(() => joiner.status === 'active', 20 * second, second)).toBe(true);
    expect(world.runUntil(() => isExact(world), minute, second)).toBe(true);
  });
});
