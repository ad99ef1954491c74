import { expect, test } from 'vitest';
import { FailedSet } from '../src/failed-set.ts';
import { randomId, seeded } from './network.ts';

const random = seeded(3);
const id = randomId(random);

test('a verdict holds for this life and earlier ones until it expires', () => {
  const failed = new FailedSet(1000, 10);
  failed.add(id, 5, 0);
  expect([failed.has(id, 4, 1), failed.has(id, 5, 999), failed.has(id, 6, 1), failed.has(id, 5, 1000)]).toEqual([true, true, false, false]);
});

test('a node that speaks for itself is taken back, one that said goodbye is not', () => {
  const failed = new FailedSet(1000, 10);
  const gone = randomId(random);
  failed.add(id, 1, 0);
  failed.addForGood(gone, 1, 0);
  failed.clear(id);
  failed.clear(gone);
  expect([failed.has(id, 1, 1), failed.has(gone, 1, 1), failed.has(gone, 2, 1)]).toEqual([false, true, false]);
});

test('entries are bounded, the oldest go first', () => {
  const failed = new FailedSet(1000, 3);
  const ids = Array.from({ length: 5 }, () => randomId(random));
  ids.forEach((each, i) => {
    failed.add(each, 1, i);
  });
  expect(failed.size).toBe(3);
  expect(ids.map((each) => failed.has(each, 1, 5))).toEqual([false, false, true, true, true]);
});

test('what is told to others is the latest', () => {
  const failed = new FailedSet(1000_000, 10);
  const ids = Array.from({ length: 4 }, () => randomId(random));
  ids.forEach((each, i) => {
    failed.add(each, 1, i * 10);
  });
  expect(failed.recent(2, 100, () => true).map((entry) => [entry.id.hex, entry.ageMs])).toEqual([
    [ids[2]!.hex, 80],
    [ids[3]!.hex, 70],
  ]);
  expect(failed.recent(2, 100, ({ ageMs }) => ageMs > 75).map((entry) => entry.ageMs)).toEqual([90, 80]);
  expect(failed.recent(10, 500_000, () => true)).toEqual([]);
});
