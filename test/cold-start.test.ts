import { test } from 'vitest';
import type { Peer } from '../scripts/lib/peer.ts';
import { Catalogue } from './support/catalogue.ts';
import { Testbed } from './support/testbed.ts';

// Both wait ten seconds for somebody who is still a member before they start the ring anew, so they do it at the same time.

test.concurrent('all nodes die and start again: one network, all files', async () => {
  await using testbed = await Testbed.open();
  const nodes = await testbed.network(5);
  const catalogue = await Catalogue.through(nodes);
  for (const node of nodes) node.kill();
  await Promise.all(nodes.map((node) => node.process?.ended));
  await Promise.all(nodes.map((node) => testbed.start(node)));
  await testbed.untilRing(nodes);
  await catalogue.expectFrom(nodes);
});

test.concurrent('all nodes die and start again, each where another one was: one network, all files', async () => {
  await using testbed = await Testbed.open();
  const nodes = await testbed.network(5);
  const catalogue = await Catalogue.through(nodes);
  for (const node of nodes) node.kill();
  await Promise.all(nodes.map((node) => node.process?.ended));
  const ports = nodes.map(({ port }) => port);
  for (const [place, node] of nodes.entries()) node.port = ports[(place + 1) % ports.length] as number;
  await Promise.all(nodes.map((node) => testbed.start(node)));
  await testbed.untilRing(nodes);
  await catalogue.expectFrom(nodes);
});

test.concurrent('all nodes but one stay away: the one that comes back serves alone, and the others find it when they come', async () => {
  await using testbed = await Testbed.open();
  const nodes = await testbed.network(3);
  const catalogue = await Catalogue.through(nodes);
  for (const node of nodes) node.kill();
  await Promise.all(nodes.map((node) => node.process?.ended));
  const [first, ...others] = nodes as [Peer, ...Peer[]];
  await testbed.start(first);
  for (const other of others) await testbed.start(other);
  await testbed.untilRing(nodes);
  await catalogue.expectFrom(nodes);
});
