import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generateGnutellaTrace, gnutellaTrace } from '../src/churn/gnutella-trace.ts';
import { formatTrace, liveAt, parseTrace, steepestWindow, type Trace, TraceError } from '../src/churn/trace.ts';
import { TraceChurn } from '../src/churn/trace-churn.ts';
import { activeWorld } from './support/active-world.ts';

const second = 1000;
const hour = 3_600 * second;

const small: Trace = {
  durationMs: 600 * second,
  nodes: 3,
  sessions: [
    { node: 0, startMs: 0, endMs: 100 * second },
    { node: 1, startMs: 0, endMs: 900 * second },
    { node: 2, startMs: 50 * second, endMs: 60 * second },
    { node: 0, startMs: 200 * second, endMs: 300 * second },
  ],
};

test('a trace survives its text', () => {
  expect(parseTrace(formatTrace(small, ['small']))).toEqual(small);
});

test.each([
  ['', /begins with/],
  ['dht-trace 2\n', /begins with/],
  ['dht-trace 1\nduration 10\nnodes x\nsessions 0\n', /'nodes'/],
  ['dht-trace 1\nduration 10\nnodes 1\nsessions 2\n0 0 1\n', /2 sessions/],
  ['dht-trace 1\nduration 10\nnodes 1\nsessions 1\n0 1 1\n', /session 1/],
  ['dht-trace 1\nduration 10\nnodes 1\nsessions 1\n0 0\n', /session 1/],
  ['dht-trace 1\nduration 10\nnodes 1\nsessions 1\n-5 0 1\n', /session 1/],
])('%j is no trace', (text, message) => {
  expect(() => parseTrace(text)).toThrow(TraceError);
  expect(() => parseTrace(text)).toThrow(message);
});

test('the shipped trace is what its generator makes of seed 1, to the byte', () => {
  const shipped = readFileSync(new URL('../traces/gnutella-like.trace', import.meta.url), 'utf8');
  expect(generateGnutellaTrace(1) === shipped).toBe(true);
});

test('the shipped trace has the shape of the Gnutella measurements', () => {
  const trace = gnutellaTrace();
  const live = Array.from({ length: 60 }, (_, atHour) => liveAt(trace, atHour * hour));
  expect(Math.min(...live)).toBeGreaterThan(1300);
  expect(Math.max(...live)).toBeLessThan(2700);
  expect(Math.max(...live) - Math.min(...live)).toBeGreaterThan(1000);
  const lengths = trace.sessions.filter(({ startMs }) => startMs > 0).map(({ startMs, endMs }) => endMs - startMs);
  lengths.sort((a, b) => a - b);
  expect(lengths.reduce((sum, ms) => sum + ms, 0) / lengths.length / hour).toBeCloseTo(2.3, 1);
  expect((lengths[lengths.length >> 1] as number) / hour).toBeCloseTo(1, 1);
});

test('the steepest part is where most nodes come or go', () => {
  const window = steepestWindow(small, 100 * second);
  expect(Math.abs(liveAt(small, window.toMs) - liveAt(small, window.fromMs))).toBe(1);
  expect(window.toMs - window.fromMs).toBe(100 * second);
});

test('nodes come, go and come back as the trace says', () => {
  const { world, cluster } = activeWorld(2);
  const churn = new TraceChurn(cluster, { trace: small, fromMs: 0, toMs: 600 * second });
  churn.start();
  const beganAt = world.now;
  const counts = [55, 65, 150, 250, 350].map((atS) => {
    world.engine.runUntil(beganAt + atS * second);
    return world.hosts.filter(({ runs }) => runs).length;
  });
  expect(counts).toEqual([3, 2, 1, 2, 1]);
  expect(world.hosts.length).toBe(3);
});

test('a network smaller than the trace lives through a part of it as large as itself', () => {
  const { world, cluster } = activeWorld(30);
  const churn = new TraceChurn(cluster, steepestWindow(gnutellaTrace(), hour));
  churn.start();
  world.runFor(hour / 2);
  churn.stop();
  const { length } = world.membership.active;
  expect(length).toBeGreaterThan(20);
  expect(length).toBeLessThan(45);
  expect(world.hosts.length).toBeGreaterThan(32);
});
