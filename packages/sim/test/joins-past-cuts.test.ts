import { arcBoundary, type Id } from '@dht/overlay';
import type { Mail } from '@dht/storage';
import { describe, expect, test } from 'vitest';
import { Checks } from '../src/checkers/checks.ts';
import type { Host } from '../src/machine/host.ts';
import { Cluster } from '../src/world/cluster.ts';
import { World } from '../src/world/world.ts';

const second = 1000;
const minute = 60 * second;

/** A gap of a ring that has come to rest, with all checkers at work. */
interface Gap {
  readonly world: World;
  readonly cluster: Cluster;
  readonly checks: Checks;
  readonly predecessor: Host;
  readonly successor: Host;
  /** A member that is neither, or the successor when there is no other. */
  readonly other: Host;
}

function gapOf(nodes: number, seed: number, builtFrom: number = 100): Gap {
  const world = new World({ seed });
  const cluster = new Cluster(world);
  cluster.builtFrom = builtFrom;
  const checks = new Checks(cluster);
  cluster.form(nodes);
  world.runFor(minute);
  const ring = world.membership.active;
  const at = (index: number): Host => ring[index % ring.length] as Host;
  const [predecessor, successor, other] = [at(seed), at(seed + 1), at(seed + 1 + Math.floor(nodes / 2))];
  return { world, cluster, checks, predecessor, successor, other: other === predecessor ? successor : other };
}

/** A place in the gap, so many halvings away from its end. */
function placeIn({ predecessor, successor }: Gap, halvings: number = 1): Id {
  let place = successor.id;
  for (let i = 0; i < halvings; i++) place = arcBoundary(predecessor.id, place);
  return place;
}

/** A node that joins there and cannot talk with these. It is told of a way in that it reaches. */
function joinCutFrom(gap: Gap, apart: readonly Host[], place: Id = placeIn(gap)): Host {
  const joiner = gap.cluster.join([gap.other], 'full', place);
  for (const host of apart) gap.world.network.reachability.cutPair(joiner.index, host.index);
  return joiner;
}

function expectJoined({ world, checks }: Gap, joiners: readonly Host[], withinMs: number): void {
  const isIn = (): boolean => joiners.every(({ status }) => status === 'active');
  expect(world.runUntil(isIn, withinMs, 100), 'active').toBe(true);
  expectSound({ world, checks });
}

function expectSound({ world, checks }: Pick<Gap, 'world' | 'checks'>): void {
  expect(
    world.runUntil(() => checks.unsettled() === undefined, minute, second),
    'one ring with exact leaf sets',
  ).toBe(true);
  world.runFor(minute);
  expect(checks.unsettled()).toBeUndefined();
  expect(checks.violations.list.map(({ checker, message }) => `${checker}: ${message}`)).toEqual([]);
}

/** Runs `then` at the moment at which the first mail of this type is handed to a node in between, with that node. */
function onMail({ world }: Gap, type: Mail['type'], then: (from: Host, via: Host) => void): () => boolean {
  let seen = false;
  world.observers.add({
    sends: ['relay'],
    onSend(from, to, message) {
      const via = world.findHost(to.id);
      if (seen || via === undefined || message.type !== 'relay' || message.mail.type !== type) return;
      seen = true;
      world.engine.after(0, () => then(from, via));
    },
  });
  return () => seen;
}

const sizes: readonly (readonly [nodes: number, seed: number])[] = [
  ...[2, 3, 8, 50].flatMap((nodes) => [1, 2, 3, 4].map((seed) => [nodes, seed] as const)),
  [300, 1],
];

describe.each(sizes)('in a ring of %d nodes, seed %d,', (nodes, seed) => {
  test('a node that cannot talk with its predecessor joins through one that reaches both', () => {
    const gap = gapOf(nodes, seed);
    expectJoined(gap, [joinCutFrom(gap, [gap.predecessor])], 10 * second);
  });
});

describe.each([
  [3, 1],
  [8, 1],
  [8, 2],
  [50, 3],
])('in a ring of %d nodes, seed %d,', (nodes, seed) => {
  test('a node that can talk with neither neighbour joins', () => {
    const gap = gapOf(nodes, seed);
    expectJoined(gap, [joinCutFrom(gap, [gap.predecessor, gap.successor])], 15 * second);
  });

  test('of several that join in one gap, one past its predecessor, each gets its turn', () => {
    const gap = gapOf(nodes, seed);
    const others = [1, 2, 4].map((halvings) => joinCutFrom(gap, [], placeIn(gap, halvings)));
    const apart = joinCutFrom(gap, [gap.predecessor, others[seed % 3] as Host], placeIn(gap, 3));
    expectJoined(gap, [apart, ...others], 30 * second);
  });

  test('the predecessor dies after it has granted its gap', () => {
    const gap = gapOf(nodes, seed);
    const died = onMail(gap, 'joinGrant', (predecessor) => gap.cluster.crash(predecessor));
    expectJoined(gap, [joinCutFrom(gap, [gap.predecessor])], 30 * second);
    expect(died()).toBe(true);
  });

  test.each(['joinRequest', 'joinGrant', 'joinCommit', 'joinCommitted'] as const)(
    'the node in between dies with a %s to pass on',
    (type) => {
      const gap = gapOf(nodes, seed);
      const died = onMail(gap, type, (_from, via) => gap.cluster.crash(via));
      expectJoined(gap, [joinCutFrom(gap, [gap.predecessor])], 30 * second);
      expect(died()).toBe(true);
    },
  );

  test('the joiner dies between the grant and the commit, and comes back', () => {
    const gap = gapOf(nodes, seed);
    const joiner = joinCutFrom(gap, [gap.predecessor]);
    const died = onMail(gap, 'joinGrant', () => gap.cluster.crash(joiner));
    expect(gap.world.runUntil(died, 10 * second, 100)).toBe(true);
    gap.world.runFor(second);
    gap.cluster.restart(joiner, { contacts: [gap.other.contact] });
    expectJoined(gap, [joiner], 30 * second);
  });
});

test.each([1, 2])('where a twentieth of all pairs cannot talk, nobody is left outside, seed %d', (seed) => {
  const gap = gapOf(40, seed);
  const { world, cluster } = gap;
  const joiners = Array.from({ length: 20 }, () => {
    const through = [cluster.anyActive(), cluster.anyActive()];
    const joiner = cluster.join(through);
    for (const { index } of world.hosts) {
      const mustReach = index === joiner.index || through.some((host) => host.index === index);
      if (!mustReach && cluster.random.next() < 0.05) world.network.reachability.cutPair(joiner.index, index);
    }
    world.runFor(500);
    return joiner;
  });
  expectJoined(gap, joiners, 30 * second);
});

test('who cannot talk with the only node of a ring stays outside, and says why', () => {
  const seed = 1;
  const world = new World({ seed });
  const cluster = new Cluster(world);
  const only = cluster.create();
  const reasons = new Set<string>();
  world.observers.add({ onEvent: (_host, event) => event.type === 'joinRefused' && reasons.add(event.reason) });
  const joiner = cluster.join([only]);
  world.network.reachability.cutPair(joiner.index, only.index);
  world.runFor(minute);
  expect(joiner.status, `seed ${seed}`).toBe('joining');
  expect([...reasons]).toEqual(['no active node answered']);
});
