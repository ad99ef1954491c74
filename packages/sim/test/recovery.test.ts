import { expect, test } from 'vitest';
import { ExactLeafSets } from '../src/checkers/exact-leaf-sets.ts';
import { sample } from '../src/engine/distributions.ts';
import type { Host } from '../src/machine/host.ts';
import { overlayCore } from '../src/machine/overlay-core.ts';
import { topologies } from '../src/network/topology.ts';
import { Cluster } from '../src/world/cluster.ts';
import { World } from '../src/world/world.ts';

const second = 1000;
const minute = 60 * second;

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

test.each([511, 512])('the place of a member that leaves or dies in a ring of 50 is filled within seconds (seed %i)', (seed) => {
  const world = new World({ seed, topology: topologies.lan });
  const cluster = new Cluster(world);
  cluster.build(50);
  world.runFor(minute);
  const exact = new ExactLeafSets(world);
  for (const [index, host] of sample(cluster.random, world.hosts, 6).entries()) {
    if (index % 2 === 0) cluster.crash(host);
    else cluster.leave(host);
    world.runUntil(() => host.state === 'off', minute, 100);
    world.runFor(second);
    world.runUntil(() => exact.problems().length === 0, 3 * second, 100);
    expect(exact.problems()[0]?.message, `seed ${seed}`).toBeUndefined();
    world.runFor(minute / 2);
  }
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

test('the founder of a network that is killed just after the first others have joined finds back to them', () => {
  const seed = 507;
  const world = new World({ seed, createCore: overlayCore });
  const cluster = new Cluster(world);
  const [founder] = cluster.form(1) as [Host];
  world.runFor(second);
  const others = [cluster.join([founder]), cluster.join([founder])];
  world.runUntil(() => others.every((host) => host.status === 'active'), 4 * second, 10);
  world.runFor(100);
  cluster.crash(founder);
  world.runFor(second / 2);
  cluster.restart(founder);
  const exact = new ExactLeafSets(world);
  world.runFor(100);
  world.runUntil(() => exact.problems().length === 0, 10 * second, 100);
  expect(exact.problems(), `seed ${seed}`).toEqual([]);
});

test('two halves of a ring that were apart for two minutes have exact leaf sets within a minute', { timeout: 2 * minute }, () => {
  const seed = 1;
  const world = new World({ seed, createCore: overlayCore, topology: topologies['transit-stub'] });
  const cluster = new Cluster(world);
  cluster.build(100);
  const half = new Set(sample(cluster.random, world.hosts, 50));
  cluster.partition([world.hosts.filter((host) => !half.has(host)), [...half]]);
  world.runFor(2 * minute);
  cluster.heal();
  const exact = new ExactLeafSets(world);
  world.runUntil(() => exact.problems().length === 0, minute, second);
  expect(exact.problems(), `seed ${seed}`).toEqual([]);
});

test.each([1, 2, 3])('members that were given up while they were stopped are members again everywhere within seconds (seed %i)', (seed) => {
  const world = new World({ seed, createCore: overlayCore, topology: topologies.lan });
  const cluster = new Cluster(world);
  cluster.form(50);
  world.runFor(30 * second);
  const exact = new ExactLeafSets(world);
  for (const ms of [3_300, 4_500, 6_000]) {
    const host = cluster.anyActive();
    cluster.pause(host);
    world.runFor(ms);
    cluster.resume(host);
    world.runFor(4 * second);
    expect(exact.problems(), `seed ${seed}, stopped for ${ms} ms`).toEqual([]);
  }
});
