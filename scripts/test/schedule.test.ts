import { SeededRandom } from '@dht/overlay';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Schedule } from '../churn/schedule.ts';
import { percentile } from '../lib/percentiles.ts';

const minute = 60_000;
const scheduleOf = (seed: number): Schedule => new Schedule(new SeededRandom(seed), 2 * minute);
const draw = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

describe('retirements of a turnover', () => {
  test('every node goes once, each in a slot of its own, all with time left for their successors', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.integer(), (count, seed) => {
        const times = scheduleOf(seed).retirements(count, 3 * minute);
        const slotMs = (3 * minute * 0.85) / count;
        const slots = times.map((time) => Math.floor(time / slotMs));
        expect(new Set(slots)).toEqual(new Set(Array.from({ length: count }, (_, slot) => slot)));
      }),
    );
  });

  test('the first node is not always the first to go', () => {
    const first = new Set(
      draw(20, () => 0).map((_, seed) =>
        scheduleOf(seed)
          .retirements(10, minute)
          .indexOf(Math.min(...scheduleOf(seed).retirements(10, minute))),
      ),
    );
    expect(first.size).toBeGreaterThan(3);
  });
});

describe('sessions', () => {
  test('half of them are shorter than the median asked for', () => {
    const schedule = scheduleOf(1);
    const median = percentile(
      draw(20_000, () => schedule.session()),
      0.5,
    );
    expect(median / (2 * minute)).toBeCloseTo(1, 1);
  });

  test('they end by kill -9 mostly, by a leave or a pause now and then', () => {
    const schedule = scheduleOf(2);
    const fates = draw(10_000, () => schedule.fate());
    const share = (fate: string): number => fates.filter((other) => other === fate).length / fates.length;
    expect(share('kill')).toBeCloseTo(0.7, 1);
    expect(share('leave')).toBeCloseTo(0.15, 1);
    expect(share('pause')).toBeCloseTo(0.15, 1);
  });

  test('the same seed gives the same choices', () => {
    const choices = (schedule: Schedule): readonly unknown[] => draw(50, () => [schedule.session(), schedule.fate(), schedule.pauseTime()]);
    expect(choices(scheduleOf(9))).toEqual(choices(scheduleOf(9)));
  });
});
