import { Id } from '@dht/overlay';
import { expect, test } from 'vitest';
import { Cluster } from '../src/cluster.ts';
import { overlayCore } from '../src/overlay-core.ts';
import { World } from '../src/world.ts';

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
