import { defaultOverlayConfig, Id } from '@dht/overlay';
import { expect, test } from 'vitest';
import { Cluster } from '../src/cluster.ts';
import { overlayCore } from '../src/overlay-core.ts';
import { World } from '../src/world.ts';

const second = 1000;

test('the members of a network that has just formed know the replica set of a key at once', () => {
  const seed = 508;
  const world = new World({ seed, createCore: overlayCore });
  const hosts = new Cluster(world).form(3);
  world.runFor(100);
  const key = Id.fromHex('a'.repeat(64));
  expect(
    hosts.map((host) => host.core?.overlay.coversReplicaSet(key, 3)),
    `seed ${seed}`,
  ).toEqual([true, true, true]);
});

test('a newcomer dials its near neighbours and hardly anyone else', () => {
  const seed = 509;
  const world = new World({ seed, createCore: overlayCore });
  const cluster = new Cluster(world);
  cluster.form(40);
  world.runFor(10 * second);
  const joiner = cluster.join([cluster.anyActive()]);
  world.runFor(5 * second);
  expect(joiner.status, `seed ${seed}`).toBe('active');
  expect(joiner.links.size, `seed ${seed}`).toBeLessThanOrEqual(2 * defaultOverlayConfig.nearNeighbours + 2);
});
