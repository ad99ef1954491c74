import { describe, expect, test } from 'vitest';
import { Network, randomId, type TestNode } from './network.ts';
import { trueRoot } from './ring-truth.ts';

const second = 1000;
const minute = 60 * second;
const places = 4;
const nearMs = 2;
const farMs = 40;
/** A network that is large for its nodes: the table holds half of it. Sweeps, which connect to anybody, come late. */
const large = {
  leafSetSize: 8,
  nearNeighbours: 2,
  replicaSetRank: 3,
  tableContactsMax: 30,
  tableContactsMin: 30,
  tableUpkeepMsMin: 15 * minute,
  tableUpkeepMsMax: 15 * minute,
};

/** Nodes live at a few places, far from each other; where has nothing to do with their ids. */
function grown(seed: number, config: typeof large, count = 60): Network {
  const network: Network = new Network({
    seed,
    config,
    wayMs: (from, to) => (placeOf(network, from) === placeOf(network, to) ? nearMs : farMs),
  });
  network.grow(count, 100);
  expect(network.runUntil(() => network.active.length === count, minute)).toBe(true);
  network.run(30 * second);
  return network;
}

function placeOf(network: Network, node: TestNode): number {
  return network.nodes.indexOf(node) % places;
}

/** Lookups of random keys from random nodes, one every `everyMs`; each must end at the true root. How long each took. */
function lookUp(network: Network, lookups: number, everyMs: number): readonly number[] {
  return Array.from({ length: lookups }, (_, i) => {
    const node = network.active[Math.floor(network.random.next() * network.active.length)] as TestNode;
    const key = randomId(network.random);
    const ref = network.steps + i;
    network.lookup(node, ref, key);
    network.run(everyMs);
    network.runUntil(() => node.lookups.has(ref), 15 * second, 1);
    const done = node.lookups.get(ref);
    if (done?.result.outcome !== 'found') throw new Error(`lookup of ${key} ended with ${done?.result.outcome}`);
    expect(done.result.root.id.hex).toBe(trueRoot(network, key).hex);
    return done.result.elapsedMs;
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of a node's connections, those to nodes outside its leaf set. */
function beyondLeafSet(node: TestNode): readonly TestNode[] {
  return [...node.connections].filter(({ contact }) => !node.overlay.isLeaf(contact.id));
}

describe.each([1, 2])('seed %i, a network larger than the routing table', (seed) => {
  test('after some use lookups go over open connections and wait for no dial', () => {
    const network = grown(seed, large);
    const before = mean(lookUp(network, 100, 10));
    lookUp(network, 1_000, 200);
    expect(mean(lookUp(network, 200, 10))).toBeLessThan(0.6 * before);
    // From now on a dial hangs, and only connections that are open already carry anything.
    network.isCut = (from, to) => !from.connections.has(to);
    const slow = lookUp(network, 200, 10).filter((elapsedMs) => elapsedMs > 10 * farMs);
    expect(slow.length).toBeLessThan(10);
  });
});

test('beside members and the hops of its lookups a node connects to those nearby', () => {
  const network = grown(1, large, 120);
  const nearby = (): number =>
    mean(network.nodes.map((node) => beyondLeafSet(node).filter((peer) => placeOf(network, node) === placeOf(network, peer)).length));
  const before = nearby();
  lookUp(network, 300, 500);
  expect(nearby()).toBeGreaterThan(2.5 * before);
});

test('a node connects to its vicinity on the ring, far beyond its leaf set', () => {
  const network = grown(1, { ...large, tableContactsMax: 60, tableContactsMin: 60 }, 160);
  const around = 12;
  const before = mean(network.nodes.map((node) => openAround(network, node, around)));
  lookUp(network, 600, 500);
  expect(before).toBeLessThan(0.6);
  expect(mean(network.nodes.map((node) => openAround(network, node, around)))).toBeGreaterThan(0.9);
});

/** Of the nearest `count` nodes on each side, the share to which the node is connected. */
function openAround(network: Network, node: TestNode, count: number): number {
  const ring = [...network.nodes].sort((a, b) => (a.hex < b.hex ? -1 : 1));
  const place = ring.indexOf(node);
  const neighbours = Array.from({ length: count }, (_, i) => [place + i + 1, place - i - 1 + ring.length]).flat();
  return neighbours.filter((at) => node.connections.has(ring[at % ring.length] as TestNode)).length / neighbours.length;
}
