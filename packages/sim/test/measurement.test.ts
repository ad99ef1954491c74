import { expect, test } from 'vitest';
import { randomId } from '../src/engine/distributions.ts';
import { Measurement } from '../src/measuring/measurement.ts';
import { activeWorld } from './support/active-world.ts';

const second = 1000;

test('a sound network in figures', () => {
  const { world, cluster } = activeWorld(20);
  const measurement = new Measurement(world, second);
  for (let lookup = 0; lookup < 200; lookup++) {
    cluster.lookup(cluster.anyActive(), randomId(cluster.random));
    world.runFor(95);
  }
  world.runFor(second);
  const { lookups, stretch, traffic, consistency, nodesMean, failures } = measurement.figures();
  expect(lookups).toMatchObject({ ok: 200, wrong: 0, lost: 0 });
  expect(lookups.hops?.mean).toBeGreaterThan(0.9);
  // Jitter alone may make a packet faster than the mean; connections that have to be opened make many slower.
  expect(stretch.ratios?.p50).toBeGreaterThan(0.8);
  expect(stretch.ratios?.p50).toBeLessThan(3);
  expect(consistency).toEqual({ samples: 20, periodMs: second, twoRootsMs: 0, inexactMs: 0, inexactNodeShare: 0 });
  expect(nodesMean).toBeCloseTo(20, 6);
  expect(failures).toMatchObject({ crashes: 0, falseVerdicts: 0 });
  const { total, control, lookup, storage } = traffic;
  expect(control.messagesPerSecond + lookup.messagesPerSecond).toBeCloseTo(total.messagesPerSecond, 6);
  expect(storage.messagesPerSecond).toBe(0);
  // 10 lookups a second among 20 nodes, each of about two messages.
  expect(lookup.messagesPerSecond).toBeGreaterThan(0.8);
  expect(lookup.messagesPerSecond).toBeLessThan(1.5);
});

test('a crash shows in leaf sets, in the number of nodes and in the time to detect it', () => {
  const { world, cluster } = activeWorld(20);
  const measurement = new Measurement(world, 100);
  cluster.crash(cluster.anyActive());
  world.runFor(20 * second);
  const { consistency, nodesMean, failures } = measurement.figures();
  expect(consistency.inexactMs).toBeGreaterThan(0);
  expect(consistency.inexactMs).toBeLessThan(10 * second);
  expect(nodesMean).toBeCloseTo(19, 1);
  expect(failures.crashes).toBe(1);
  expect(failures.detectionMs?.count).toBeGreaterThan(0);
});
