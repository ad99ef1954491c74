import { expect, test } from 'vitest';
import { isReached, measurement, renderMeasurements } from '../bench/measurement.ts';

test('a goal is reached by the median, not by the best run', () => {
  expect(isReached(measurement('start', 'ms', [100, 500, 500], { atMost: 400 }))).toBe(false);
  expect(isReached(measurement('start', 'ms', [300, 300, 900], { atMost: 400 }))).toBe(true);
  expect(isReached(measurement('rate', 'MB/s', [10, 50, 50], { atLeast: 40 }))).toBe(true);
});

test('what was not measured has reached no goal', () => {
  expect(isReached(measurement('get', 'ms', [], { atMost: 3 }))).toBe(false);
});

test('the table says which goals were missed', () => {
  const text = renderMeasurements([
    measurement('start', 'ms', [412.34, 500, 300], { atMost: 400 }),
    measurement('get', 'ms', [1.234], { atMost: 3 }),
    measurement('not measured', 'ms', []),
  ]);
  expect(text.split('\n')).toEqual([
    '              unit  median   min   max  of      goal',
    '────────────  ────  ──────  ────  ────  ──  ────────',
    'start           ms     412   300   500   3  ≤ 400 NO',
    'get             ms    1.23  1.23  1.23   1   ≤ 3 yes',
    'not measured    ms       -     -     -   0',
  ]);
});
