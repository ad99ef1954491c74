import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareIds, Id, sharedPrefixLength } from '../src/id.ts';
import { clockwiseDistance, compareClockwise, compareCloseness, inArc, ringDistance } from '../src/ring.ts';

const full = (1n << 256n) - 1n;
const point = fc.oneof(
  fc.bigInt({ min: 0n, max: full }),
  // Near ties of the upper 48 bits, and the seam of the ring.
  fc.bigInt({ min: 0n, max: 5n }).map((low) => (0x7fffffffffffn << 208n) + low),
  fc.bigInt({ min: 0n, max: 5n }).map((low) => full - low),
  fc.bigInt({ min: 0n, max: 5n }),
);
const anyId = point.map((value) => Id.fromBigInt(value));

test('bytes, digits and numbers of an id agree', () => {
  fc.assert(
    fc.property(point, (value) => {
      const id = Id.fromBigInt(value);
      expect(id.toBigInt()).toBe(value);
      expect(Id.fromBytes(id.toBytes()).hex).toBe(id.hex);
      expect(Id.fromHex(id.hex).equals(id)).toBe(true);
      const digits = Array.from({ length: 64 }, (_, i) => id.digit(i).toString(16)).join('');
      expect(digits).toBe(id.hex);
    }),
  );
});

test('ids are ordered as numbers, and share as many digits as their hexadecimal forms', () => {
  fc.assert(
    fc.property(anyId, anyId, (a, b) => {
      expect(Math.sign(compareIds(a, b))).toBe(a.toBigInt() < b.toBigInt() ? -1 : a.toBigInt() > b.toBigInt() ? 1 : 0);
      const shared = sharedPrefixLength(a, b);
      expect(a.hex.slice(0, shared)).toBe(b.hex.slice(0, shared));
      if (shared < 64) expect(a.hex[shared]).not.toBe(b.hex[shared]);
    }),
  );
});

describe('the quick comparisons agree with exact arithmetic', () => {
  test('clockwise', () => {
    fc.assert(
      fc.property(anyId, anyId, anyId, (origin, a, b) => {
        const exact = clockwiseDistance(origin, a) - clockwiseDistance(origin, b);
        expect(Math.sign(compareClockwise(origin, a, b))).toBe(exact < 0n ? -1 : exact > 0n ? 1 : 0);
      }),
    );
  });

  test('closeness, ties going to the clockwise one', () => {
    fc.assert(
      fc.property(anyId, anyId, anyId, (key, a, b) => {
        const toA = ringDistance(key, a);
        const toB = ringDistance(key, b);
        const tie = a.equals(b) ? 0 : clockwiseDistance(key, a) === toA ? -1 : 1;
        expect(Math.sign(compareCloseness(key, a, b))).toBe(toA < toB ? -1 : toA > toB ? 1 : tie);
      }),
    );
  });

  test('closeness orders any three ids without contradiction', () => {
    fc.assert(
      fc.property(anyId, anyId, anyId, anyId, (key, a, b, c) => {
        if (compareCloseness(key, a, b) <= 0 && compareCloseness(key, b, c) <= 0)
          expect(compareCloseness(key, a, c)).toBeLessThanOrEqual(0);
        expect(Math.sign(compareCloseness(key, a, b)) + Math.sign(compareCloseness(key, b, a))).toBe(0);
      }),
    );
  });
});

test('an arc holds what lies clockwise behind its start, up to its end', () => {
  fc.assert(
    fc.property(anyId, anyId, anyId, (id, from, to) => {
      fc.pre(!from.equals(to));
      const distance = clockwiseDistance(from, id);
      expect(inArc(id, from, to)).toBe(distance > 0n && distance <= clockwiseDistance(from, to));
    }),
  );
});
