import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventQueue } from '../src/engine/event-queue.ts';

test('events leave in the order of their times, and of their insertion where those are equal', () => {
  const operation = fc.oneof(fc.record({ push: fc.integer({ min: 0, max: 20 }) }), fc.constant('pop' as const));
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 400 }), (operations) => {
      const queue = new EventQueue<{ time: number; sequence: number }>();
      const model: { time: number; sequence: number }[] = [];
      for (const [sequence, each] of operations.entries()) {
        if (each === 'pop') {
          model.sort((a, b) => a.time - b.time || a.sequence - b.sequence);
          expect(queue.nextTime).toBe(model[0]?.time ?? Number.POSITIVE_INFINITY);
          expect(queue.pop()).toEqual(model.shift());
        } else {
          const event = { time: each.push, sequence };
          queue.push(event.time, event);
          model.push(event);
        }
        expect(queue.size).toBe(model.length);
      }
    }),
  );
});

test('it grows beyond its first capacity and empties in order', () => {
  const queue = new EventQueue<number>();
  for (let i = 0; i < 5000; i++) queue.push((i * 7919) % 5000, (i * 7919) % 5000);
  const out = Array.from({ length: 5000 }, () => queue.pop());
  expect(out).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  expect(queue.pop()).toBeUndefined();
});
