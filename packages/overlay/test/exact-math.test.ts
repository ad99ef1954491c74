import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exp, expm1, ln, power } from '../src/exact-math.ts';

const ulps = 4 * Number.EPSILON;

test('the logarithm is that of the engine, up to the last bits', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
      expect(Math.abs(ln(x) - Math.log(x))).toBeLessThanOrEqual(ulps * Math.max(1, Math.abs(Math.log(x))));
    }),
  );
});

test('the exponential is that of the engine, up to the last bits', () => {
  fc.assert(
    fc.property(fc.double({ min: -600, max: 600, noNaN: true }), (x) => {
      expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThanOrEqual(ulps);
    }),
  );
});

test('the exponential less one is that of the engine, up to the last bits of a small result too', () => {
  const xs = [fc.double({ min: -1e-3, max: 1e-3, noNaN: true }), fc.double({ min: -1000, max: 600, noNaN: true })];
  fc.assert(
    fc.property(fc.oneof(...xs), (x) => {
      expect(Math.abs(expm1(x) - Math.expm1(x))).toBeLessThanOrEqual(ulps * Math.abs(Math.expm1(x)));
    }),
  );
  expect(expm1(Number.NEGATIVE_INFINITY)).toBe(-1);
});

test('exact bits, which every engine has to give', () => {
  const bits = (x: number): string => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, x);
    return view.getBigUint64(0).toString(16);
  };
  expect([ln(2), ln(10), ln(0.1), exp(1), exp(-0.5), power(3, 0.25)].map(bits)).toMatchInlineSnapshot(`
    [
      "3fe62e42fefa39ef",
      "40026bb1bbb55516",
      "c0026bb1bbb55515",
      "4005bf0a8b14576a",
      "3fe368b2fc6f960a",
      "3ff50ea39fcbf166",
    ]
  `);
});
