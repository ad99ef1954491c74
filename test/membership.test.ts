import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { payload } from '../scripts/lib/payload.ts';
import type { Peer } from '../scripts/lib/peer.ts';
import { freePort } from '../scripts/lib/port.ts';
import { Catalogue } from './support/catalogue.ts';
import { address, Testbed, until } from './support/testbed.ts';

let testbed: Testbed;
beforeEach(async () => {
  testbed = await Testbed.open();
});
afterEach(() => testbed.close());

test('nodes join through any member, with and without a peer id, and past addresses where nobody is', async () => {
  const first = await testbed.found();
  const second = await testbed.join([address(first)]);
  const third = await testbed.join([second.identity?.multiaddrs[0] ?? '']);
  const fourth = await testbed.join([`/ip4/127.0.0.1/tcp/${await freePort()}`, third]);
  const nodes = [first, second, third, fourth];
  await testbed.untilRing(nodes);
  expect(new Set(nodes.map((node) => node.identity?.networkId)).size).toBe(1);
  expect(new Set(nodes.map((node) => node.id)).size).toBe(4);
});

test('any node dies, the first one included: everything is there from the others, and it comes back with its id and its data', async () => {
  const nodes = await testbed.network(5);
  const catalogue = await Catalogue.through(nodes);
  for (const node of [nodes[0], nodes[3]] as Peer[]) {
    const { id } = node;
    node.kill();
    await node.process?.ended;
    await catalogue.expectFrom(nodes.filter((other) => other !== node));
    const { blocks } = await testbed.start(node);
    expect(node.id).toBe(id);
    expect(blocks).toBeGreaterThan(0);
    await testbed.untilRing(nodes);
    await catalogue.expectFrom(nodes);
  }
});

test('a node moves to another address, and its first contact is gone: it finds back without being told anything', async () => {
  const [first, ...rest] = (await testbed.network(4)) as [Peer, ...Peer[]];
  const catalogue = await Catalogue.through(rest);
  const moved = rest[0] as Peer;
  const { id } = moved;
  await moved.process?.stop();
  first.kill();
  moved.port = await freePort();
  await testbed.start(moved);
  expect(moved.id).toBe(id);
  await testbed.untilRing(rest);
  for (const other of rest.slice(1)) {
    const leafSet = await (await other.client()).leafSet();
    const seen = [...leafSet.clockwise, ...leafSet.counterClockwise].find((leaf) => leaf.id === id);
    expect(seen?.multiaddrs[0]).toContain(`/tcp/${moved.port}`);
  }
  await catalogue.expectFrom(rest);
});

test('a node leaves: everything it held is on the others before it goes', async () => {
  const nodes = await testbed.network(4);
  const catalogue = await Catalogue.through(nodes);
  const [leaver, ...others] = nodes as [Peer, ...Peer[]];
  const { code, stdout } = await testbed.dht(leaver, ['leave', '--timeout', '60s']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'Everything was handed over, and the daemon has stopped.\n' });
  await leaver.process?.ended;
  rmSync(leaver.path, { recursive: true });
  await testbed.untilRing(others);
  await catalogue.expectFrom(others);
});

test('the only node leaves, and says where its data is', async () => {
  const only = await testbed.found();
  const { code, stdout } = await testbed.dht(only, ['leave']);
  expect(code).toBe(0);
  expect(stdout).toContain('its data is on its disk');
});

test('dht stop ends the daemon and waits for it; a second one finds nobody', async () => {
  const node = await testbed.found();
  expect(await testbed.dht(node, ['stop'])).toMatchObject({ code: 0, stdout: 'The daemon has stopped.\n' });
  expect(await testbed.dht(node, ['stop'])).toMatchObject({ code: 7 });
  await testbed.start(node);
});

test('a client puts and gets, and is in nobody’s leaf set', async () => {
  const nodes = await testbed.network(3);
  const client = await testbed.join([nodes[0] as Peer], { DHT_CLIENT: 'true' });
  const catalogue = await Catalogue.through([client]);
  await catalogue.expectFrom([client, ...nodes]);
  await testbed.untilRing(nodes);
  const status = await (await client.client()).status();
  expect(status).toMatchObject({ role: 'client', blocks: 0 });
});

test('copies are made anew while the dead stay away', async () => {
  const nodes = await testbed.network(6);
  const catalogue = await Catalogue.through(nodes);
  const survivors = nodes.slice(2);
  for (const node of nodes.slice(0, 2)) node.kill();
  await testbed.untilRing(survivors);
  const put = await testbed.dht(survivors[0] as Peer, ['put', '-'], { stdin: payload('after', 100_000) });
  expect(put.code).toBe(0);
  await until('full replica set', async () => {
    const where = await testbed.dht(survivors[1] as Peer, ['where', '--json', put.stdout.trim()]);
    const summary = JSON.parse(where.stdout.trimEnd().split('\n').at(-1) ?? '{}');
    // More than three when one of them was so late that another took its place: such a copy goes only after minutes of calm.
    return summary.copiesMin >= 3 ? undefined : `${summary.copiesMin} copies`;
  });
  await catalogue.expectFrom(survivors);
});
