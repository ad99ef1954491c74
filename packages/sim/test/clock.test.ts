import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HostClock } from '../src/engine/clock.ts';

test('a deadline turned into virtual time has come when that time is read', () => {
  const ms = fc.double({ min: 0, max: 1e7, noNaN: true });
  fc.assert(
    fc.property(ms, ms, fc.double({ min: -500, max: 500, noNaN: true }), ms, (startedAt, origin, drift, inMs) => {
      const clock = new HostClock(startedAt, origin, drift, 0);
      const deadline = origin + inMs;
      expect(clock.read(clock.virtual(deadline), deadline).monoMs).toBeGreaterThanOrEqual(deadline);
      expect(clock.virtual(deadline)).toBeCloseTo(startedAt + inMs / (1 + drift / 1e6), 3);
    }),
  );
});

test('clocks drift apart, and wall clocks are off', () => {
  const fast = new HostClock(0, 0, 100, 5_000);
  const right = new HostClock(0, 0, 0, 0);
  expect(fast.read(1_000_000).monoMs - right.read(1_000_000).monoMs).toBeCloseTo(100, 6);
  expect(fast.read(0).wallMs - right.read(0).wallMs).toBe(5_000);
});
