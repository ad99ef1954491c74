import { describe, expect, test } from 'vitest';
import { percentile, percentiles, spread } from '../lib/percentiles.ts';

describe('percentiles', () => {
  test('nearest rank: 100 values from 1 to 100 have the percentile as their value, in whatever order they come', () => {
    const values = Array.from({ length: 100 }, (_, index) => ((index * 37) % 100) + 1);
    expect(percentiles(values)).toEqual({ mean: 50.5, p50: 50, p99: 99, p999: 100 });
    expect(percentile(values, 0.01)).toBe(1);
  });

  test('a single measurement is every percentile', () => {
    expect(percentiles([7])).toEqual({ mean: 7, p50: 7, p99: 7, p999: 7 });
    expect(spread([7])).toEqual({ median: 7, min: 7, max: 7 });
  });

  test('none at all is 0 rather than NaN, which JSON does not know', () => {
    expect(percentiles([])).toEqual({ mean: 0, p50: 0, p99: 0, p999: 0 });
    expect(spread([])).toEqual({ median: 0, min: 0, max: 0 });
  });

  test('the measurements are left in their order', () => {
    const values = [3, 1, 2];
    spread(values);
    expect(values).toEqual([3, 1, 2]);
  });
});
