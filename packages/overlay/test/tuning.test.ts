import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type OverlayConfig, presets } from '../src/config.ts';
import { FailureRate } from '../src/failure-rate.ts';
import { chanceOfDead, expectedHops, failuresFor, Tuning } from '../src/tuning.ts';
import { seeded } from './network.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
/** Mean session of the Gnutella trace that MSPastry was measured with. */
const gnutellaSessionMs = 2.3 * hour;
const watched = 32;

/** A tuning that has watched nodes with this mean session for so long. */
function tuned(config: OverlayConfig, sessionMs: number, forMs: number, seed: number): Tuning {
  const random = seeded(seed);
  const tuning = new Tuning(config);
  tuning.failures.begin(0);
  let nowMs = 0;
  for (;;) {
    nowMs += (-Math.log(1 - random.next()) * sessionMs) / watched;
    if (nowMs > forMs) return tuning;
    tuning.failures.note(nowMs);
  }
}

describe('the failure rate', () => {
  test('of nodes with exponential sessions is found, one divided by their mean, within the error of sixteen samples', () => {
    const estimates = Array.from({ length: 200 }, (_, seed) =>
      tuned(presets.lan, gnutellaSessionMs, 6 * hour, seed).failures.perMs(6 * hour, watched),
    );
    const mean = estimates.reduce((sum, rate) => sum + rate, 0) / estimates.length;
    expect(mean * gnutellaSessionMs).toBeGreaterThan(0.9);
    expect(mean * gnutellaSessionMs).toBeLessThan(1.2);
    const within = estimates.filter((rate) => Math.abs(rate * gnutellaSessionMs - 1) < 0.6);
    expect(within.length).toBeGreaterThan(180);
  });

  test('begins high and falls as long as nothing happens', () => {
    const rate = new FailureRate();
    rate.begin(0);
    expect(rate.perMs(0, watched)).toBe(Number.POSITIVE_INFINITY);
    expect(rate.perMs(10 * second, watched)).toBeCloseTo(1 / (watched * 10 * second), 12);
    expect(rate.perMs(hour, watched)).toBeCloseTo(1 / (watched * hour), 12);
  });

  test('rises at once when many fail, and forgets it when as many failed at the usual pace', () => {
    const rate = new FailureRate();
    rate.begin(0);
    for (let i = 0; i < 16; i++) rate.note(hour + i);
    expect(rate.perMs(hour + second, watched)).toBeGreaterThan(100 / hour);
    for (let i = 1; i <= 16; i++) rate.note(hour + i * 10 * minute);
    expect(rate.perMs(hour + 160 * minute, watched) * watched * 10 * minute).toBeCloseTo(16 / 15, 5);
  });
});

describe('the chance of a dead hop', () => {
  test('is half the failures expected until detection when those are few, and all but one when they are many', () => {
    expect(chanceOfDead(0)).toBe(0);
    expect(chanceOfDead(1e-3)).toBeCloseTo(0.5e-3, 6);
    expect(chanceOfDead(1)).toBeCloseTo(Math.exp(-1), 12);
    expect(chanceOfDead(1000)).toBeCloseTo(0.999, 12);
  });

  test('and the failures for a chance are inverse to each other', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 0.9, noNaN: true }), (chance) => {
        expect(chanceOfDead(failuresFor(chance)) / chance).toBeCloseTo(1, 6);
      }),
    );
  });
});

test('hops are those of Pastry', () => {
  expect(expectedHops(1)).toBe(1);
  expect(expectedHops(2_000)).toBeCloseTo(2.57, 2);
  expect(expectedHops(100_000)).toBeCloseTo(3.89, 2);
});

describe.each(Object.entries(presets))('preset %s', (_, config) => {
  const rates = fc.array(fc.integer({ min: 1, max: 20 * minute }), { maxLength: 40 });

  test('periods stay within their limits whatever happens', () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 0, max: 200_000 }), fc.integer({ min: 0, max: watched }), (pauses, nodes, members) => {
        const tuning = new Tuning(config);
        let nowMs = 0;
        tuning.failures.begin(nowMs);
        for (const pauseMs of pauses) {
          const periodMs = tuning.heartbeatMs(nowMs, members);
          expect(periodMs).toBeGreaterThanOrEqual(config.heartbeatMsMin);
          expect(periodMs).toBeLessThanOrEqual(config.heartbeatMsMax);
          expect(tuning.tableMs(nowMs, members, nodes)).toBeGreaterThanOrEqual(0);
          nowMs += pauseMs;
          tuning.failures.note(nowMs);
        }
      }),
    );
  });

  test('the target is kept wherever the limits allow it', () => {
    for (const sessionMs of [2 * minute, 30 * minute, gnutellaSessionMs, 100 * hour]) {
      const nowMs = 20 * sessionMs;
      const tuning = tuned(config, sessionMs, nowMs, 1);
      const failuresPerMs = tuning.failures.perMs(nowMs, watched);
      const periodMs = tuning.heartbeatMs(nowMs, watched);
      const detectionMs = periodMs + (config.probeTries + 1) * config.rtoMsMin;
      const chance = chanceOfDead(detectionMs * failuresPerMs);
      if (periodMs > config.heartbeatMsMin) expect(chance).toBeLessThan(config.leafLossTarget * 1.001);
      if (periodMs < config.heartbeatMsMax) expect(chance).toBeGreaterThan(config.leafLossTarget * 0.99);
      const hops = expectedHops(2_000);
      const tableMs = tuning.tableMs(nowMs, watched, 2_000);
      if (tableMs === 0) continue;
      const loss = 1 - (1 - chance) * (1 - chanceOfDead(tableMs * failuresPerMs)) ** (hops - 1);
      expect(loss).toBeCloseTo(config.hopLossTarget, 6);
    }
  });
});

test('wan: the longest heartbeat period in quiet times, a short one when nodes come and go within minutes', () => {
  expect(tuned(presets.wan, 1_000 * hour, hour, 1).heartbeatMs(hour, watched)).toBe(presets.wan.heartbeatMsMax);
  expect(tuned(presets.wan, 2 * minute, hour, 1).heartbeatMs(hour, watched)).toBe(presets.wan.heartbeatMsMin);
});
