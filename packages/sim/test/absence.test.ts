import type { BlockRef, GetResult } from '@dht/storage';
import { describe, expect, test } from 'vitest';
import { ExactLeafSets } from '../src/checkers/exact-leaf-sets.ts';
import { newBlock } from '../src/machine/blocks.ts';
import type { Host } from '../src/machine/host.ts';
import { simulate } from '../src/run/simulate.ts';
import { halfTricklesBack } from '../src/scenarios/machine-faults.ts';
import { Cluster } from '../src/world/cluster.ts';
import { World } from '../src/world/world.ts';

const second = 1000;
const minute = 60 * second;

interface Loss {
  readonly world: World;
  readonly cluster: Cluster;
  readonly block: BlockRef;
  readonly holders: readonly Host[];
}

/** A ring in which all who hold a block have died at the same instant, and whose survivors have found together again. */
function loseHolders(seed: number, nodes: number): Loss {
  const world = new World({ seed });
  const cluster = new Cluster(world);
  cluster.form(nodes);
  world.runFor(minute);
  const block = newBlock(cluster.random, 10 * 1024);
  let isStored = false;
  cluster.put(world.hosts[0] as Host, block, minute, ({ settled }) => (isStored = settled));
  world.runUntil(() => isStored, minute, 10);
  const holders = world.hosts.filter(({ disk }) => disk.has(block.key));
  expect(holders.length).toBe(world.storageConfig.replicas);
  for (const host of holders) cluster.crash(host);
  world.runFor(20 * second);
  untilExact(world);
  return { world, cluster, block, holders };
}

function untilExact(world: World): void {
  const exact = new ExactLeafSets(world);
  expect(world.runUntil(() => exact.problems().length === 0, 2 * minute, second)).toBe(true);
}

/** What every member says to a get of the block. */
function answers({ world, cluster }: Loss, block: BlockRef): ReadonlySet<GetResult['outcome']> {
  const results: GetResult[] = [];
  const members = cluster.activeHosts();
  for (const host of members) cluster.get(host, block, minute, (result) => results.push(result));
  world.runUntil(() => results.length === members.length, 2 * minute, 100);
  expect(results.length).toBe(members.length);
  return new Set(results.map(({ outcome }) => outcome));
}

describe.each([1, 2, 3])('all who hold a block die at once, seed %i', (seed) => {
  test('nobody says that it does not exist while they may be back, and then it is found', () => {
    const loss = loseHolders(seed, 16);
    expect(answers(loss, loss.block)).toEqual(new Set(['unavailable']));
    for (const host of loss.holders) loss.cluster.restart(host);
    loss.world.runFor(minute);
    expect(answers(loss, loss.block)).toEqual(new Set(['found']));
  });

  test('neither do those who come in their place, when the survivors are gone too', () => {
    const loss = loseHolders(seed, 12);
    const { world, cluster } = loss;
    const survivors = cluster.activeHosts();
    for (const survivor of survivors) {
      cluster.join(cluster.activeHosts().slice(0, 2));
      world.runFor(5 * second);
      cluster.leave(survivor);
      world.runFor(5 * second);
    }
    untilExact(world);
    expect(answers(loss, loss.block)).toEqual(new Set(['unavailable']));
  });

  test('when they have not come back for long it is not found', () => {
    const loss = loseHolders(seed, 16);
    loss.world.runFor(loss.world.storageConfig.reReplicateMs);
    expect(answers(loss, loss.block)).toEqual(new Set(['not-found']));
  });

  test('what never was elsewhere is not found at once', () => {
    const loss = loseHolders(seed, 40);
    const { world, cluster, holders } = loss;
    const near = new Set(holders.flatMap((host) => world.membership.closest(host.id, 8)));
    let other = newBlock(cluster.random, 100);
    while (world.membership.closest(other.key, 8).some((host) => near.has(host))) other = newBlock(cluster.random, 100);
    expect(answers(loss, other)).toEqual(new Set(['not-found']));
  });
});

test('a network that was switched off does not deny what those have that are not back yet', () => {
  const loss = loseHolders(4, 12);
  const { world, cluster, holders } = loss;
  const survivors = cluster.activeHosts();
  for (const host of survivors) cluster.crash(host);
  world.runFor(10 * minute);
  for (const host of survivors) cluster.restart(host);
  world.runUntil(() => cluster.activeHosts().length === survivors.length, 3 * minute, second);
  world.runFor(minute);
  expect(answers(loss, loss.block)).toEqual(new Set(['unavailable']));
  for (const host of holders) cluster.restart(host);
  world.runFor(minute);
  expect(answers(loss, loss.block)).toEqual(new Set(['found']));
});

test('a neighbour vouches for what it is synced for now, not for what it once said', () => {
  const report = simulate({ scenario: halfTricklesBack, seed: 1_463_787_083, nodes: 29 });
  expect(report.violations).toEqual([]);
});

test('a node alone that starts again knows what it has', () => {
  const world = new World({ seed: 5 });
  const cluster = new Cluster(world);
  const [host] = cluster.form(1) as [Host];
  cluster.crash(host);
  world.runFor(minute);
  cluster.restart(host);
  world.runFor(minute);
  const results: GetResult[] = [];
  cluster.get(host, newBlock(cluster.random, 100), minute, (result) => results.push(result));
  world.runUntil(() => results.length > 0, minute, 100);
  expect(results).toEqual([{ outcome: 'not-found' }]);
});
