import { type Contact, defaultOverlayConfig, SeededRandom } from '@dht/overlay';
import type { Holder, Message, PutResult } from '@dht/storage';
import { expect, test } from 'vitest';
import { BoundedTables } from '../src/checkers/bounded-tables.ts';
import { Checks } from '../src/checkers/checks.ts';
import { ExactLeafSets } from '../src/checkers/exact-leaf-sets.ts';
import { OneRing } from '../src/checkers/one-ring.ts';
import { OneRoot } from '../src/checkers/one-root.ts';
import { ReadableEverywhere } from '../src/checkers/readable-everywhere.ts';
import { ReplicatedItems } from '../src/checkers/replicated-items.ts';
import { newBlock } from '../src/machine/blocks.ts';
import type { Host } from '../src/machine/host.ts';
import { Statistics } from '../src/measuring/statistics.ts';
import { Cluster } from '../src/world/cluster.ts';
import type { World } from '../src/world/world.ts';
import { idOf, leafView, numbered, probe, probeWorld, send, startHost } from './support/probe-core.ts';

const second = 1000;
const minute = 60 * second;
const block = newBlock(new SeededRandom(1), 100);
const request = { origin: idOf('a'), incarnation: 1, counter: 1 };

function checked(world: World = probeWorld()): {
  world: World;
  checks: Checks;
  statistics: Statistics;
  cluster: Cluster;
  found: () => string[];
} {
  const cluster = new Cluster(world);
  const statistics = new Statistics(world);
  world.observers.add(statistics);
  const checks = new Checks(cluster);
  return { world, checks, statistics, cluster, found: () => checks.violations.list.map(({ checker }) => checker) };
}

function activate(host: Host, how: 'created' | 'joined' | 'seeded'): void {
  probe(host).outputs = [{ type: 'event', event: { type: 'activated', how } }];
  host.step({ type: 'timeout', lateMs: 0 });
}

function grant(to: Contact, token: number): Message {
  return { type: 'joinGrant', attempt: 1, token, successor: to, deadlineMs: 1000, members: [] };
}

function committed(token: number): Message {
  return { type: 'joinCommitted', attempt: 1, token };
}

/** Puts through the host's core, which answers with this result. */
function putAnswered(cluster: Cluster, host: Host, result: Partial<PutResult>): void {
  probe(host).onStep = (input) => {
    if (input.type !== 'put') return;
    const answer: PutResult = { outcome: 'stored', holders: [], settled: true, shortfall: 'none', ...result };
    probe(host).outputs = [
      { type: 'putDone', ref: input.ref, result: answer },
      { type: 'release', handle: input.handle },
    ];
  };
  cluster.put(host, block);
}

function holder({ contact, disk }: Host): Holder {
  return { node: contact, storeId: disk.storeId, synced: true };
}

function writeTo(world: World, ...hosts: readonly Host[]): void {
  for (const host of hosts) {
    host.disk.write(block);
    world.observers.notify('onDurable', host, block);
  }
}

/** Leaf sets as they should be. */
function tellNeighbours(world: World, half: number = defaultOverlayConfig.leafSetSize / 2): void {
  for (const host of world.membership.active) {
    const { overlay } = probe(host);
    overlay.clockwise = world.membership.clockwise(host.id, half).map(({ contact }) => leafView(contact));
    overlay.counterClockwise = world.membership.counterClockwise(host.id, half).map(({ contact }) => leafView(contact));
  }
}

test('an activation without a grant is found, one with a committed grant is not', () => {
  const { world, found } = checked();
  const [p, j] = [startHost(world, '1'), startHost(world, '2')];
  send(p, j, grant(p.contact, 7));
  send(p, j, committed(7));
  activate(j, 'joined');
  expect(found()).toEqual([]);
  const stranger = startHost(world, '3');
  send(p, stranger, grant(p.contact, 8));
  send(p, stranger, committed(9));
  activate(stranger, 'joined');
  expect(found()).toEqual(['granted-activation']);
});

test('a grant for an earlier life does not count', () => {
  const { world, found } = checked();
  const [p, j] = [startHost(world, '1'), startHost(world, '2')];
  send(p, j, grant(p.contact, 7));
  send(p, j, committed(7));
  j.end('crash');
  j.start();
  activate(j, 'joined');
  expect(found()).toEqual(['granted-activation']);
});

test('seeding by a node that never was active is found', () => {
  const { world, found } = checked();
  const host = startHost(world, '1');
  activate(host, 'seeded');
  expect(found()).toEqual(['granted-activation']);
  activate(host, 'seeded');
  expect(found()).toEqual(['granted-activation']);
});

test('"stored" before the block is on disk is found', () => {
  const { world, found } = checked();
  const [a, b] = [startHost(world, '1'), startHost(world, '2')];
  const stored: Message = { type: 'stored', request, key: block.key, storeId: a.disk.storeId, synced: true, outcome: 'stored' };
  writeTo(world, a);
  send(a, b, stored);
  expect(found()).toEqual([]);
  send(b, a, { ...stored, storeId: b.disk.storeId });
  expect(found()).toEqual(['durable-acknowledgement']);
});

test('a receipt is found wanting when it has fewer than w holders, or one that never had the block', () => {
  const { world, cluster, found } = checked();
  const [a, b] = [startHost(world, '1'), startHost(world, '2')];
  writeTo(world, a);
  putAnswered(cluster, a, { outcome: 'below-w', holders: [holder(a)] });
  expect(found()).toEqual([]);
  putAnswered(cluster, a, { holders: [holder(a)] });
  expect(found()).toEqual(['durable-acknowledgement']);
  putAnswered(cluster, a, { holders: [holder(a), holder(b)] });
  expect(found()).toEqual(['durable-acknowledgement', 'durable-acknowledgement']);
});

test('a handle released twice, used after its release, or kept for ever is found', () => {
  const { world, found } = checked();
  const host = startHost(world, '1');
  const handle = host.handles.take(block.size, 0);
  probe(host).outputs = [
    { type: 'release', handle },
    { type: 'release', handle },
    { type: 'write', ref: 1, block, handle },
  ];
  host.step({ type: 'timeout', lateMs: 0 });
  expect(found()).toEqual(['handle-discipline', 'handle-discipline']);
  host.handles.take(1, world.now);
  world.runFor(9 * minute);
  expect(found()).toHaveLength(2);
  world.runFor(2 * minute);
  expect(found().length).toBeGreaterThan(2);
});

test('a core that throws is found', () => {
  const { world, found } = checked();
  const host = startHost(world, '1');
  probe(host).onStep = () => {
    throw new Error('broken');
  };
  host.step({ type: 'create' });
  expect(found()).toEqual(['sound-core']);
});

test('two nodes that answer each other without end are found, and do not stop the run', () => {
  const { world, found } = checked(probeWorld({ network: { messagesPerSecondMax: 100 } }));
  const [a, b] = [startHost(world, '1'), startHost(world, '2')];
  const answer = (self: Host, other: Host): void => {
    probe(self).onStep = ({ type }) => {
      if (type === 'message') probe(self).outputs = [1, 2].map((nonce) => ({ type: 'send', to: other.contact, message: numbered(nonce) }));
    };
  };
  answer(a, b);
  answer(b, a);
  send(a, b, numbered(0));
  world.runFor(5 * second);
  expect(found()).toContain('bounded-traffic');
});

test('a leaf set with too many members is found', () => {
  const { world } = checked();
  const host = startHost(world, '1');
  const { overlay } = probe(host);
  const half = defaultOverlayConfig.leafSetSize / 2;
  overlay.clockwise = Array.from({ length: half }, () => leafView(host.contact));
  expect(new BoundedTables(world).problems()).toEqual([]);
  overlay.clockwise.push(leafView(host.contact));
  expect(new BoundedTables(world).problems()).toHaveLength(1);
});

test('two neighbours whose arcs overlap are found, and two whose arcs meet are not', () => {
  const { world } = checked();
  const [a, b] = [startHost(world, '2'), startHost(world, 'a')];
  probe(a).overlay.arc = { from: idOf('e'), to: idOf('6') };
  probe(b).overlay.arc = { from: idOf('6'), to: idOf('e') };
  world.runFor(5 * second);
  expect(new OneRoot(world).problems()).toEqual([]);
  probe(a).overlay.arc = { from: idOf('e'), to: idOf('7') };
  expect(new OneRoot(world).problems()).toHaveLength(1);
});

test('two roots are a violation only when all has been calm for a while', () => {
  const { world, cluster, found } = checked();
  const [a, b, c] = [startHost(world, '2'), startHost(world, 'a'), startHost(world, 'c')];
  for (const host of [a, b, c]) probe(host).overlay.arc = { from: host.id, to: host.id };
  world.runFor(5 * second);
  cluster.crash(c);
  world.runFor(30 * second);
  expect(found()).toEqual([]);
  world.runFor(60 * second);
  expect(found()).toContain('one-root');
});

test('a lookup that ends at another node than the true root is found', () => {
  const { world, cluster, statistics, found } = checked();
  const [a, b] = [startHost(world, '2'), startHost(world, 'a')];
  let root = a;
  probe(a).onStep = (input) => {
    if (input.type !== 'lookup') return;
    const result = { outcome: 'found', root: root.contact, replicaSet: [], path: [], elapsedMs: 0 } as const;
    probe(a).outputs = [{ type: 'lookupDone', ref: input.ref, result }];
  };
  world.runFor(second);
  cluster.lookup(a, idOf('3'));
  root = b;
  cluster.lookup(a, idOf('9'));
  expect(found()).toEqual([]);
  cluster.lookup(a, idOf('3'));
  expect(found()).toEqual(['true-root']);
  expect(statistics.lookups).toEqual({ ok: 2, wrong: 1, lost: 0 });
});

test('a lookup that never ends is found, unless something has just gone wrong', () => {
  const { world, cluster, statistics, found } = checked();
  const [a, b] = [startHost(world, '2'), startHost(world, 'a')];
  probe(a).onStep = (input) => {
    if (input.type === 'lookup') probe(a).outputs = [{ type: 'lookupDone', ref: input.ref, result: { outcome: 'timeout' } }];
  };
  world.runFor(second);
  cluster.lookup(a, idOf('3'));
  expect(found()).toEqual(['true-root']);
  cluster.crash(b);
  cluster.lookup(a, idOf('3'));
  expect(found()).toEqual(['true-root']);
  expect(statistics.lookups.lost).toBe(2);
});

test('a leaf set that lacks a node, or names a dead one or an old incarnation, is found', () => {
  const world = probeWorld();
  const [a, b, c] = [startHost(world, '2'), startHost(world, 'a'), startHost(world, 'c')];
  const checker = new ExactLeafSets(world);
  tellNeighbours(world);
  expect(checker.problems()).toEqual([]);
  probe(a).overlay.clockwise.pop();
  expect(checker.problems()[0]?.hosts).toContain(a);
  tellNeighbours(world);
  c.end('crash');
  expect(checker.problems().length).toBeGreaterThan(0);
  c.start();
  expect(checker.problems()[0]?.hosts).toEqual([a, c]);
  tellNeighbours(world);
  expect(checker.problems()).toEqual([]);
  expect(b.status).toBe('active');
});

test('two rings are found, and so is a node that is on none', () => {
  const world = probeWorld();
  const [a, b, c, d] = ['2', '6', 'a', 'c'].map((prefix) => startHost(world, prefix)) as [Host, Host, Host, Host];
  const checker = new OneRing(world);
  tellNeighbours(world);
  expect(checker.problems()).toEqual([]);
  for (const [from, to] of [
    [a, b],
    [b, a],
    [c, d],
    [d, c],
  ] as const) {
    probe(from).overlay.clockwise = [leafView(to.contact)];
  }
  expect(checker.problems()).toHaveLength(1);
  tellNeighbours(world);
  probe(d).overlay.status = 'joining';
  d.step({ type: 'cancel', ref: 1 });
  expect(checker.problems()).toMatchObject([{ hosts: [d] }]);
});

test('no node at all is no ring', () => {
  const world = probeWorld();
  startHost(world, '1').end('crash');
  expect(new OneRing(world).problems()).toHaveLength(1);
});

test('an acknowledged block without r synced copies is found, unless all its holders are gone', () => {
  const { world, cluster, checks } = checked();
  const hosts = ['1', '5', '9', 'd'].map((prefix) => startHost(world, prefix));
  const replicaSet = world.membership.closest(block.key, 3) as [Host, Host, Host];
  const [a, b, c] = replicaSet;
  const checker = new ReplicatedItems(world, checks.ledger);
  writeTo(world, a, b);
  expect(checker.problems()).toEqual([]);
  putAnswered(cluster, a, { holders: [holder(a), holder(b)] });
  expect(checker.problems()).toMatchObject([{ hosts: [c] }]);
  writeTo(world, c);
  expect(checker.problems()).toEqual([]);
  probe(c).synced = false;
  expect(checker.problems()).toMatchObject([{ hosts: [c] }]);
  for (const host of replicaSet) host.end('crash');
  expect(hosts.filter(({ runs }) => runs)).toHaveLength(1);
  expect(checker.problems()).toEqual([]);
  expect(checks.ledger.lost()).toHaveLength(1);
  a.start();
  expect(checker.problems()).toHaveLength(1);
});

test('a copy on a disk that was lost is none', () => {
  const { world, cluster, checks } = checked();
  const [a, b] = [startHost(world, '1'), startHost(world, '2')];
  writeTo(world, a, b);
  putAnswered(cluster, a, { holders: [holder(a), holder(b)] });
  cluster.crash(b);
  cluster.restart(b, { wiped: true });
  expect(checks.ledger.acknowledged()[0]?.copies).toEqual(new Set([a]));
});

test('deleting so many copies of an acknowledged block that fewer than w are left is found', () => {
  const { world, cluster, found } = checked();
  const hosts = ['1', '2', '3'].map((prefix) => startHost(world, prefix)) as [Host, Host, Host];
  const [a, b, c] = hosts;
  writeTo(world, ...hosts);
  putAnswered(cluster, a, { holders: hosts.map(holder) });
  const drop = (host: Host): void => {
    probe(host).outputs = [{ type: 'delete', ref: 1, key: block.key }];
    host.step({ type: 'timeout', lateMs: 0 });
    world.runFor(second);
  };
  drop(a);
  expect(found()).toEqual([]);
  drop(b);
  expect(found()).toEqual(['last-copy']);
  expect(c.disk.has(block.key)).toBe(true);
});

test('a block that one node cannot read is found, and a get that is never answered too', () => {
  const { world, cluster, checks, found } = checked();
  const [a, b, c] = ['1', '2', '3'].map((prefix) => startHost(world, prefix)) as [Host, Host, Host];
  writeTo(world, a, b);
  putAnswered(cluster, a, { holders: [holder(a), holder(b)] });
  const answerGets = (host: Host, outcome: 'found' | 'unavailable'): void => {
    probe(host).onStep = (input) => {
      if (input.type !== 'get') return;
      const handle = outcome === 'found' ? host.handles.take(block.size, world.now) : 0;
      const result = outcome === 'found' ? ({ outcome, handle, size: block.size } as const) : ({ outcome } as const);
      probe(host).outputs = [{ type: 'getDone', ref: input.ref, result }];
    };
  };
  for (const host of [a, b, c]) answerGets(host, 'found');
  const readable = new ReadableEverywhere(cluster, checks.ledger, checks.violations);
  readable.read(100);
  expect([readable.tried, found()]).toEqual([3, []]);
  answerGets(b, 'unavailable');
  probe(c).onStep = undefined;
  readable.read(100);
  expect(found()).toEqual(['readable-everywhere', 'readable-everywhere']);
});

test('"not found" of a block that a running node has is found, though others crash, unless some nodes could not talk just now', () => {
  const { world, cluster, checks, found } = checked();
  const [a, b, c] = ['1', '2', '3'].map((prefix) => startHost(world, prefix)) as [Host, Host, Host];
  writeTo(world, a);
  putAnswered(cluster, a, { outcome: 'below-w', holders: [holder(a)] });
  probe(b).onStep = (input) => {
    if (input.type === 'get') probe(b).outputs = [{ type: 'getDone', ref: input.ref, result: { outcome: 'not-found' } }];
  };
  world.runFor(second);
  cluster.get(b, block);
  expect(checks.absence.untrue).toBe(0);
  writeTo(world, c);
  putAnswered(cluster, a, { holders: [holder(a), holder(c)] });
  cluster.get(b, block);
  expect([found(), checks.absence.untrue]).toEqual([['truthful-absence'], 1]);
  cluster.crash(c);
  cluster.get(b, block);
  expect([found(), checks.absence.untrue]).toEqual([['truthful-absence', 'truthful-absence'], 2]);
  cluster.partition([[a], [b]]);
  cluster.heal();
  world.runFor(minute);
  cluster.get(b, block);
  expect([found().length, checks.absence.untrue]).toEqual([2, 3]);
});

test('a violation keeps the last messages between those it concerns', () => {
  const { world, checks } = checked();
  const [a, b, c] = ['1', '2', '3'].map((prefix) => startHost(world, prefix)) as [Host, Host, Host];
  send(a, b, numbered(1));
  send(a, c, { type: 'heartbeat', status: 'active' });
  world.runFor(second);
  checks.violations.add('test', 'always', 'both', [a, b]);
  checks.violations.add('test', 'always', 'one', [c]);
  expect(checks.violations.list.map(({ lastMessages }) => lastMessages.map(({ type }) => type))).toEqual([['probe'], ['heartbeat']]);
});
