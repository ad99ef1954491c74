import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SparseMap } from '../src/sparse-map.ts';
import { SparseSet } from '../src/sparse-set.ts';

const key = fc.integer({ min: 0, max: 5 });
const act = fc.oneof(
  fc.record({ type: fc.constant('set' as const), key, value: fc.integer() }),
  fc.record({ type: fc.constant('delete' as const), key }),
  fc.record({ type: fc.constant('clear' as const) }),
);

test('holds what a Map holds, in the same order, however often it is emptied', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const map = new Map<number, number>();
      const sparse = new SparseMap<number, number>();
      for (const each of acts) {
        if (each.type === 'set') for (const either of [map, sparse]) either.set(each.key, each.value);
        else if (each.type === 'delete') expect(sparse.delete(each.key)).toBe(map.delete(each.key));
        else for (const either of [map, sparse]) either.clear();
        expect([...sparse]).toEqual([...map]);
        expect([[...sparse.keys()], [...sparse.values()], sparse.size]).toEqual([[...map.keys()], [...map.values()], map.size]);
        for (let i = 0; i <= 5; i++) expect([sparse.has(i), sparse.get(i)]).toEqual([map.has(i), map.get(i)]);
      }
    }),
  );
});

test('holds what a Set holds, in the same order, however often it is emptied', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const set = new Set<number>();
      const sparse = new SparseSet<number>();
      for (const each of acts) {
        if (each.type === 'set') for (const either of [set, sparse]) either.add(each.key);
        else if (each.type === 'delete') expect(sparse.delete(each.key)).toBe(set.delete(each.key));
        else for (const either of [set, sparse]) either.clear();
        expect([[...sparse], sparse.size]).toEqual([[...set], set.size]);
        for (let i = 0; i <= 5; i++) expect(sparse.has(i)).toBe(set.has(i));
      }
    }),
  );
});
