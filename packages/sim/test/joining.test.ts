import { defaultOverlayConfig, Id } from '@dht/overlay';
import { expect, test } from 'vitest';
import { ExactLeafSets } from '../src/checkers/exact-leaf-sets.ts';
import { OneRing } from '../src/checkers/one-ring.ts';
import { overlayCore } from '../src/machine/overlay-core.ts';
import { Cluster } from '../src/world/cluster.ts';
import { World } from '../src/world/world.ts';

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

/** As a cold start does it: the node with the lowest id begins, and those whose ids are next to it know it best. */
test('a ring whose nodes all lie in one place takes in those of the rest', () => {
  const seed = 510;
  const world = new World({ seed, createCore: overlayCore });
  const cluster = new Cluster(world);
  const ids = world.stream('script');
  const idIn = (sixteenth: string): Id => {
    const digits = Array.from({ length: 15 }, () =>
      Math.floor(ids.next() * 2 ** 16)
        .toString(16)
        .padStart(4, '0'),
    );
    return Id.fromHex(`${sixteenth}${digits.join('')}000`);
  };
  cluster.create(idIn('0'));
  for (let i = 0; i < 50; i++) {
    cluster.join([cluster.anyActive()], 'full', idIn('0'));
    world.runFor(100);
  }
  for (const sixteenth of ['8', 'f', '3']) cluster.join([cluster.anyActive()], 'full', idIn(sixteenth));
  const isWhole = (): boolean => new OneRing(world).problems().length + new ExactLeafSets(world).problems().length === 0;
  expect(world.runUntil(isWhole, 60 * second), `seed ${seed}`).toBe(true);
});
