import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Deadline, Deadlines } from '../src/deadlines.ts';

it('timers fire in the order of their times, equal ones in the order set, cancelled ones never', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.boolean())), (plan) => {
      const deadlines = new Deadlines<number>();
      const set: Deadline<number>[] = plan.map(([atMs], index) => deadlines.set(atMs, index));
      for (const [index, [, isCancelled]] of plan.entries()) if (isCancelled) deadlines.cancel(set[index]);
      const kept = plan.flatMap(([atMs, isCancelled], index) => (isCancelled ? [] : [{ atMs, index }]));
      const expected = kept.sort((a, b) => a.atMs - b.atMs || a.index - b.index);
      expect(deadlines.size).toBe(expected.length);
      for (const { atMs, index } of expected) {
        expect(deadlines.next()).toBe(atMs);
        expect(deadlines.popDue(atMs - 1)).toBeUndefined();
        expect(deadlines.popDue(atMs)).toBe(index);
      }
      expect(deadlines.next()).toBe(Number.POSITIVE_INFINITY);
    }),
  );
});
