import { expect, test } from 'vitest';
import type { Host } from '../src/machine/host.ts';
import type { World } from '../src/world/world.ts';
import { numbered, probe, probeWorld, send, startHost } from './support/probe-core.ts';

const second = 1000;

function pair(world: World): readonly [Host, Host] {
  return [startHost(world, 'a'), startHost(world, 'b')];
}

function nonces(host: Host): number[] {
  return probe(host).inputs.flatMap(({ input }) =>
    input.type === 'message' && input.message.type === 'probe' ? [input.message.nonce] : [],
  );
}

function reasons(host: Host): string[] {
  return probe(host).inputs.flatMap(({ input }) => (input.type === 'peerUnreachable' ? [input.reason] : []));
}

test('the first message dials, both sides learn who the other is, and messages keep their order', () => {
  const world = probeWorld();
  const [a, b] = pair(world);
  for (let nonce = 0; nonce < 50; nonce++) send(a, b, numbered(nonce));
  world.runFor(second);
  expect(probe(b).told()[0]).toBe('peerConnected');
  expect(probe(a).told()).toContain('peerConnected');
  expect(nonces(b)).toEqual(Array.from({ length: 50 }, (_, nonce) => nonce));
  const from = probe(b).inputs.find(({ input }) => input.type === 'message')?.input;
  expect(from?.type === 'message' && from.from).toBe(a.contact);
});

test('two that dial each other at the same moment get one connection', () => {
  const world = probeWorld();
  const [a, b] = pair(world);
  send(a, b, numbered(1));
  send(b, a, numbered(2));
  world.runFor(second);
  expect(
    probe(a)
      .told()
      .filter((type) => type === 'peerConnected'),
  ).toHaveLength(1);
  expect(
    probe(b)
      .told()
      .filter((type) => type === 'peerConnected'),
  ).toHaveLength(1);
  expect([nonces(a), nonces(b)]).toEqual([[2], [1]]);
});

test('a crashed process refuses, and what waited for it is dropped', () => {
  const world = probeWorld();
  const [a, b] = pair(world);
  b.end('crash');
  send(a, b, numbered(1));
  world.runFor(second);
  expect(reasons(a)).toEqual(['refused']);
  expect(probe(a).told().slice(-2)).toEqual(['peerUnreachable', 'sendDropped']);
});

test('a machine without power lets dials time out', () => {
  const world = probeWorld();
  const [a, b] = pair(world);
  b.end('powerLoss');
  send(a, b, numbered(1));
  world.runFor(second);
  expect(reasons(a)).toEqual([]);
  world.runFor(5 * second);
  expect(reasons(a)).toEqual(['timeout']);
});

test('a dial that a paused process does not answer times out', () => {
  const world = probeWorld();
  const [a, b] = pair(world);
  b.pause();
  send(a, b, numbered(1));
  world.runFor(6 * second);
  expect(reasons(a)).toEqual(['timeout']);
  expect(probe(b).told()).toEqual([]);
});

test('a dial that a paused process answers in time goes through', () => {
  const world = probeWorld();
  const [a, b] = pair(world);
  b.pause();
  send(a, b, numbered(1));
  world.runFor(2 * second);
  b.resume();
  world.runFor(2 * second);
  expect(reasons(a)).toEqual([]);
  expect(nonces(b)).toEqual([1]);
});

test('the peer of a crashed process learns of it, the peer of a machine without power only when it has been silent for long', () => {
  for (const [how, withinMs] of [
    ['crash', second],
    ['powerLoss', 30 * second],
  ] as const) {
    const world = probeWorld();
    const [a, b] = pair(world);
    send(a, b, numbered(1));
    world.runFor(second);
    b.end(how);
    world.runFor(withinMs / 2);
    expect(probe(a).told().includes('peerDisconnected')).toBe(how === 'crash');
    world.runFor(withinMs);
    expect(probe(a).told()).toContain('peerDisconnected');
  }
});

test('a restarted process knows nothing of old connections, and its peer gets a new one', () => {
  const world = probeWorld();
  const [a, b] = pair(world);
  send(a, b, numbered(1));
  world.runFor(second);
  b.end('powerLoss');
  b.start();
  send(b, a, numbered(2));
  world.runFor(second);
  expect(probe(a).told().slice(-3)).toEqual(['peerDisconnected', 'peerConnected', 'probe']);
  const last = probe(a).inputs.at(-1)?.input;
  expect(last?.type === 'message' && last.from.incarnation).toBe(2);
});

test('what another address was known for leads nowhere', () => {
  const world = probeWorld();
  const [a, b] = pair(world);
  const old = b.contact;
  b.end('crash');
  b.readdress();
  b.start();
  probe(a).outputs = [{ type: 'send', to: old, message: numbered(1) }];
  a.step({ type: 'timeout', lateMs: 0 });
  world.runFor(second);
  expect(reasons(a)).toEqual(['refused']);
  send(a, b, numbered(2));
  world.runFor(second);
  expect(nonces(b)).toEqual([2]);
});

test('a partition loses messages, breaks connections in the end, and dials time out until it heals', () => {
  const world = probeWorld();
  const [a, b] = pair(world);
  send(a, b, numbered(1));
  world.runFor(second);
  world.network.reachability.partition([[a.index], [b.index]]);
  send(a, b, numbered(2));
  world.runFor(30 * second);
  expect(nonces(b)).toEqual([1]);
  expect(probe(a).told()).toContain('peerDisconnected');
  send(a, b, numbered(3));
  world.runFor(6 * second);
  expect(reasons(a)).toEqual(['timeout']);
  world.network.reachability.heal();
  send(a, b, numbered(4));
  world.runFor(second);
  expect(nonces(b)).toEqual([1, 4]);
});

test('a cut pair cannot talk, though a third reaches both', () => {
  const world = probeWorld();
  const [a, b] = pair(world);
  const c = startHost(world, 'c');
  world.network.reachability.cutPair(a.index, b.index);
  send(a, b, numbered(1));
  send(a, c, numbered(2));
  send(c, b, numbered(3));
  world.runFor(6 * second);
  expect([nonces(b), nonces(c), reasons(a)]).toEqual([[3], [2], ['timeout']]);
});

test('in a one-way partition one direction of an open connection still works', () => {
  const world = probeWorld();
  const [a, b] = pair(world);
  send(a, b, numbered(1));
  world.runFor(second);
  world.network.reachability.partitionOneWay([a.index], [b.index]);
  send(a, b, numbered(2));
  send(b, a, numbered(3));
  world.runFor(second);
  expect([nonces(a), nonces(b)]).toEqual([[3], [1]]);
});

test('loss, duplication and reordering happen about as often as they are asked for', () => {
  const world = probeWorld();
  const [a, b] = pair(world);
  send(a, b, numbered(-1));
  world.runFor(second);
  world.network.faults = { ...world.network.faults, lossRate: 0.1, duplicateRate: 0.1, reorderRate: 0.1, reorderMsMax: 500 };
  for (let nonce = 0; nonce < 2000; nonce++) {
    send(a, b, numbered(nonce));
    world.runFor(1);
  }
  world.runFor(second);
  const got = nonces(b).slice(1);
  const distinct = new Set(got);
  expect(distinct.size).toBeGreaterThan(1700);
  expect(distinct.size).toBeLessThan(1900);
  expect(got.length - distinct.size).toBeGreaterThan(120);
  const late = got.filter((nonce, index) => index > 0 && nonce < (got[index - 1] as number));
  expect(late.length).toBeGreaterThan(100);
});

test('a host closes the connections that its core has no need of', () => {
  const world = probeWorld({});
  const centre = startHost(world, 'c');
  probe(centre).overlay.connectionsMax = 10;
  const others = Array.from({ length: 12 }, (_, i) => startHost(world, (i + 1).toString(16)));
  for (const [nonce, other] of others.entries()) {
    send(centre, other, numbered(nonce));
    world.runFor(second);
  }
  expect(centre.links.size).toBeLessThanOrEqual(10);
  expect(centre.links.has((others[0] as Host).id)).toBe(false);
  expect(centre.links.has((others[11] as Host).id)).toBe(true);
  expect(probe(others[0] as Host).told()).toContain('peerDisconnected');
});
