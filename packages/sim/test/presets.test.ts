import { type OverlayConfig, presets } from '@dht/overlay';
import { expect, test, vi } from 'vitest';
import { ExactLeafSets } from '../src/checkers/exact-leaf-sets.ts';
import { sample } from '../src/engine/distributions.ts';
import { overlayCore } from '../src/machine/overlay-core.ts';
import { Measurement } from '../src/measuring/measurement.ts';
import { Cluster } from '../src/world/cluster.ts';
import { World } from '../src/world/world.ts';

const second = 1000;
const minute = 60 * second;
const seeds = [1, 2];

vi.setConfig({ testTimeout: 2 * minute });

function network(seed: number, nodes: number, overlayOf: (index: number) => OverlayConfig): Cluster {
  const cluster = new Cluster(new World({ seed, createCore: overlayCore, overlayOf, faults: { powerLossRate: 1 } }));
  cluster.form(nodes);
  cluster.world.runFor(2 * minute);
  return cluster;
}

/** Machines lose power one after the other. */
function crashOneByOne(cluster: Cluster, count: number, everyMs: number): void {
  for (const host of sample(cluster.random, cluster.activeHosts(), count)) {
    cluster.crash(host);
    cluster.world.runFor(everyMs * (0.75 + cluster.random.next() / 2));
  }
}

test.each(seeds)('lan: all members know within 5 s that a machine fell silent, seed %i', (seed) => {
  const cluster = network(seed, 50, () => presets.lan);
  const measurement = new Measurement(cluster.world);
  crashOneByOne(cluster, 6, 15 * second);
  const { detectionMs, falseVerdicts } = measurement.figures().failures;
  expect(detectionMs?.count).toBeGreaterThan(6 * 30);
  expect(detectionMs?.p99).toBeLessThan(5 * second);
  expect(falseVerdicts).toBe(0);
});

test.each(seeds)('wan: a quiet network costs a small part of the budget, and nobody is suspected, seed %i', (seed) => {
  const cluster = network(seed, 50, () => presets.wan);
  cluster.world.runFor(30 * minute);
  const measurement = new Measurement(cluster.world);
  cluster.world.runFor(10 * minute);
  const { traffic, failures } = measurement.figures();
  expect(traffic.control.messagesPerSecond).toBeGreaterThan(1 / 30);
  expect(traffic.control.messagesPerSecond).toBeLessThan(0.15);
  expect(failures.falseVerdicts).toBe(0);
});

test.each(seeds)('nodes of both presets watch each other without false alarms and find those that fail, seed %i', (seed) => {
  const cluster = network(seed, 50, (index) => (index % 2 === 0 ? presets.lan : presets.wan));
  const { world } = cluster;
  const suspicions: number[] = [];
  world.observers.add({ onEvent: (_, event) => event.type === 'suspected' && suspicions.push(world.now) });
  world.runFor(5 * minute);
  expect(suspicions).toEqual([]);
  const measurement = new Measurement(world);
  crashOneByOne(cluster, 6, minute);
  const { detectionMs, falseVerdicts } = measurement.figures().failures;
  expect(detectionMs?.max).toBeLessThan(presets.wan.heartbeatMsMax + 10 * second);
  expect(falseVerdicts).toBe(0);
  expect(new ExactLeafSets(world).problems()).toEqual([]);
});
