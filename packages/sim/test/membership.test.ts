import { compareCloseness, compareIds, Id } from '@dht/overlay';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { World } from '../src/world/world.ts';
import { probeWorld, startHost } from './support/probe-core.ts';

const id = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map((value) => Id.fromBigInt(value));
const ids = fc.uniqueArray(id, { minLength: 1, maxLength: 12, selector: String });

function worldOf(members: readonly Id[]): World {
  const world = probeWorld();
  for (const member of members) world.addHost('full', member).start();
  return world;
}

test('the closest hosts are those that comparing all of them gives', () => {
  fc.assert(
    fc.property(ids, id, fc.integer({ min: 1, max: 14 }), (members, key, count) => {
      const found = worldOf(members).membership.closest(key, count);
      const all = members.toSorted((a, b) => compareCloseness(key, a, b));
      expect(found.map((host) => host.id.hex)).toEqual(all.slice(0, count).map(({ hex }) => hex));
    }),
  );
});

test('neighbours go round the ring in both directions and leave out oneself', () => {
  fc.assert(
    fc.property(ids, fc.nat(), fc.integer({ min: 1, max: 14 }), (members, pick, count) => {
      const { membership } = worldOf(members);
      const sorted = members.toSorted(compareIds);
      const self = pick % sorted.length;
      const round = [...sorted.slice(self + 1), ...sorted.slice(0, self)].map(({ hex }) => hex);
      const me = sorted[self] as Id;
      expect(membership.clockwise(me, count).map((host) => host.id.hex)).toEqual(round.slice(0, count));
      expect(membership.counterClockwise(me, count).map((host) => host.id.hex)).toEqual(round.toReversed().slice(0, count));
    }),
  );
});

test('a crashed host is gone at once, and counts as active for the time before', () => {
  const world = probeWorld();
  const [a, b] = [startHost(world, 'a'), startHost(world, 'b')];
  world.runFor(100);
  a.end('crash');
  world.runFor(100);
  expect(world.membership.active).toEqual([b]);
  expect(world.membership.wasActiveWithin(a, 50, 200)).toBe(true);
  expect(world.membership.wasActiveThroughout(a, 50, 200)).toBe(false);
  expect(world.membership.wasActiveWithin(a, 150, 200)).toBe(false);
});
