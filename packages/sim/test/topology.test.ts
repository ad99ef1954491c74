import { SeededRandom } from '@dht/overlay';
import { describe, expect, test } from 'vitest';
import { type Place, placeHost, propagationMs, type TopologyName, topologies, validateTopology } from '../src/network/topology.ts';

const hosts = 300;

function places(name: TopologyName): Place[] {
  const random = new SeededRandom(7);
  return Array.from({ length: hosts }, () => placeHost(random, topologies[name]));
}

function latencies(all: readonly Place[], name: TopologyName): number[] {
  return all.flatMap((a, i) => all.slice(i + 1).map((b) => propagationMs(a, b, topologies[name]))).sort((a, b) => a - b);
}

describe.each(Object.keys(topologies) as TopologyName[])('%s', (name) => {
  test('its numbers fit together, and a latency is the same both ways and within bounds', () => {
    const topology = topologies[name];
    validateTopology(topology);
    const all = places(name);
    for (const [i, a] of all.entries()) {
      const b = all[(i * 7 + 1) % hosts] as Place;
      expect(propagationMs(a, b, topology)).toBe(propagationMs(b, a, topology));
    }
    const sorted = latencies(all, name);
    expect(sorted[0]).toBeGreaterThanOrEqual(topology.floorMs);
    expect(sorted.at(-1)).toBeLessThanOrEqual(topology.ceilingMs);
  });
});

test('in a transit-stub topology hosts of one domain are near each other and far from the rest', () => {
  const all = places('transit-stub');
  const near = all.flatMap((a) =>
    all.filter((b) => b !== a && b.stub === a.stub).map((b) => propagationMs(a, b, topologies['transit-stub'])),
  );
  const sorted = latencies(all, 'transit-stub');
  const median = sorted[sorted.length >> 1] as number;
  expect(near.length).toBeGreaterThan(100);
  expect(near.reduce((sum, ms) => sum + ms, 0) / near.length).toBeLessThan(median / 5);
});

test('mixed peers are from milliseconds to many hundreds apart', () => {
  const sorted = latencies(places('mixed'), 'mixed');
  expect(sorted[0]).toBeLessThan(15);
  expect(sorted[sorted.length >> 1]).toBeGreaterThan(40);
  expect(sorted.at(-1)).toBeGreaterThan(400);
});
