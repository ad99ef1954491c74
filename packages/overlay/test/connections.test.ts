import { describe, expect, test } from 'vitest';
import { Connections } from '../src/connections.ts';
import { LeafSetExchange } from '../src/leaf-set-exchange.ts';
import { node as loneNode, nowMs, peer, nodes as ringNodes } from './lone-node.ts';
import { Network, randomId, type TestNode } from './network.ts';

const second = 1000;
const minute = 60 * second;
const nodes = 60;
const config = { leafSetSize: 8, nearNeighbours: 2, replicaSetRank: 3 };

/** A ring at rest whose tables hold it whole. */
function atRest(seed: number, options: Partial<typeof config & { tableContactsMax: number; tableContactsMin: number }> = {}): Network {
  const network = new Network({ seed, config: { ...config, ...options } });
  network.grow(nodes, 100);
  expect(network.runUntil(() => network.active.length === nodes, minute)).toBe(true);
  network.run(2 * minute);
  return network;
}

/** One lookup of a random key every 20 s. */
function lookUpFor(network: Network, node: TestNode, ms: number): void {
  for (let sinceMs = 0; sinceMs < ms; sinceMs += 20 * second) {
    network.lookup(node, network.steps, randomId(network.random));
    network.run(20 * second);
  }
}

/** Contacts in the node's routing table to which it has no connection. */
function unconnected(node: TestNode): readonly string[] {
  const contacts = node.overlay.routingTable().flatMap((cell) => cell.contacts);
  return contacts.filter(({ id }) => !node.overlay.isConnected(id)).map(({ id }) => id.hex);
}

/** All connections of the node as its driver sees them, none of them used for so long. */
function idleFor(network: Network, node: TestNode, ms: number) {
  return [...node.connections].map(({ contact }) => ({ id: contact.id, usedMs: network.nowMs - ms }));
}

function surplus(network: Network, node: TestNode, idleMs: number) {
  return node.overlay.surplus(idleFor(network, node, idleMs), network.nowMs);
}

describe.each([1, 2])('seed %i', (seed) => {
  test('a node that looks up is connected to its whole table within minutes', () => {
    const network = atRest(seed);
    const [node] = network.nodes as [TestNode];
    lookUpFor(network, node, 6 * minute);
    expect(unconnected(node)).toEqual([]);
  });

  test('a node through which no lookups pass opens nothing', () => {
    const network = atRest(seed);
    const [node] = network.nodes as [TestNode];
    network.run(6 * minute);
    expect(unconnected(node).length).toBeGreaterThan(nodes / 4);
  });

  test('a table that holds less than the network bounds what is opened and what is kept', () => {
    const network = atRest(seed, { tableContactsMax: 24, tableContactsMin: 24 });
    const [node] = network.nodes as [TestNode];
    const closed = surplus(network, node, 0);
    const beyond = [...node.connections].filter(({ contact }) => !node.overlay.isLeaf(contact.id)).length;
    expect(closed.length).toBe(Math.max(0, beyond - 24));
  });
});

test('each lookup pays for some connections, and not all that could be saved up are opened at once', () => {
  const context = loneNode(2 * ringNodes);
  const connections = new Connections(context, new LeafSetExchange(context));
  for (let gaps = 5; gaps < 100; gaps++) peer(context, gaps);
  const opened = (): number => {
    for (let times = 0; times < 100; times++) connections.onTimer();
    return context.takeOutputs().filter(({ type }) => type === 'connect').length;
  };
  connections.onLookup();
  expect(opened()).toBe(8);
  expect(opened()).toBe(0);
  for (let lookups = 0; lookups < 50; lookups++) connections.onLookup();
  expect(opened()).toBe(32);
});

test('while lookups pass connections to the vicinity stay, however far away they lead', () => {
  const context = loneNode();
  const connections = new Connections(context, new LeafSetExchange(context));
  connections.onLookup();
  // The leaf set of 8 reaches 4 nodes, the vicinity 16.
  const around = Array.from({ length: 12 }, (_, i) => [5 + i, ringNodes - 5 - i])
    .flat()
    .map((gaps) => peer(context, gaps, 200));
  for (let gaps = 100; gaps < 300; gaps++) peer(context, gaps, 10);
  const open = context.peers.connected.map(({ id }) => ({ id, usedMs: 0 }));
  const closed = new Set(connections.surplus(open, nowMs).map(({ id }) => id));
  expect(closed.size).toBe(around.length + 200 - context.table.contactsMax);
  expect(around.filter(({ id }) => closed.has(id))).toEqual([]);
});

test('connections opened for lookups are kept for a quarter of an hour after the last, then all but 32 that nobody uses', () => {
  const network = atRest(1);
  const [node] = network.nodes as [TestNode];
  lookUpFor(network, node, 6 * minute);
  network.run(8 * minute);
  expect(surplus(network, node, 5 * minute)).toEqual([]);
  network.run(8 * minute);
  const closed = surplus(network, node, 5 * minute);
  expect(closed.length).toBe(node.connections.size - config.leafSetSize - 32);
  expect(closed.some(({ id }) => node.overlay.isLeaf(id))).toBe(false);
});

test('what is in use is not closed because there are no lookups', () => {
  const network = atRest(1);
  const [node] = network.nodes as [TestNode];
  lookUpFor(network, node, 6 * minute);
  network.run(16 * minute);
  expect(surplus(network, node, second)).toEqual([]);
});
