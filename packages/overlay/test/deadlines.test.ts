import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Deadline, Deadlines } from '../src/deadlines.ts';

const timer = (nonce: number) => ({ kind: 'errand', nonce }) as const;

type Act =
  | { readonly do: 'set' | 'move'; readonly atMs: number; readonly which: number }
  | { readonly do: 'cancel'; readonly which: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constantFrom('set', 'move'), atMs: fc.nat(50), which: fc.nat(100) }) as fc.Arbitrary<Act>,
  fc.record({ do: fc.constant('cancel'), which: fc.nat(100) }) as fc.Arbitrary<Act>,
);

test('deadlines come in the order of time, then of their setting, whatever was moved and cancelled', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const deadlines = new Deadlines();
      const all: Deadline[] = [];
      let model: { nonce: number; atMs: number; order: number }[] = [];
      acts.forEach((step, order) => {
        const nonce = all.length === 0 ? 0 : step.which % all.length;
        if (step.do === 'set') {
          model.push({ nonce: all.length, atMs: step.atMs, order });
          all.push(deadlines.set(timer(all.length), step.atMs));
        } else if (all.length > 0) {
          model = model.filter((entry) => entry.nonce !== nonce);
          if (step.do === 'cancel') deadlines.cancel(all[nonce]!);
          else {
            model.push({ nonce, atMs: step.atMs, order });
            deadlines.move(all[nonce]!, step.atMs);
          }
        }
        expect(deadlines.next()).toBe(Math.min(Number.POSITIVE_INFINITY, ...model.map((entry) => entry.atMs)));
      });
      model.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      const popped: number[] = [];
      for (let due = deadlines.popDue(100); due !== undefined; due = deadlines.popDue(100)) {
        if (due.kind === 'errand') popped.push(due.nonce);
      }
      expect(popped).toEqual(model.map((entry) => entry.nonce));
      expect(deadlines.size).toBe(0);
    }),
  );
});

test('nothing is due before its time', () => {
  const deadlines = new Deadlines();
  deadlines.set(timer(1), 10);
  expect(deadlines.popDue(9)).toBeUndefined();
  expect(deadlines.popDue(10)).toEqual(timer(1));
  expect(deadlines.next()).toBe(Number.POSITIVE_INFINITY);
});

test('after a stall only the patience with others is put off', () => {
  const deadlines = new Deadlines();
  deadlines.set({ kind: 'heartbeat' }, 10);
  deadlines.set({ kind: 'passage', key: 'a' }, 5);
  deadlines.shift(100, ({ kind }) => kind === 'passage');
  expect(deadlines.popDue(50)).toEqual({ kind: 'heartbeat' });
  expect(deadlines.next()).toBe(105);
});
