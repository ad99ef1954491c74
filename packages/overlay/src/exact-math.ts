/*
 * ECMAScript leaves the last bits of Math.log, exp, pow and sin to the engine, so a run that used them could differ from one
 * version or machine to the next. These use only what IEEE 754 rounds exactly (+ − × ÷ and the bits of a number), in a fixed
 * order. They agree with the true values within a few units in the last place.
 */

const bits = new DataView(new ArrayBuffer(8));
const mantissaBits = 20;
const exponentBias = 1023;
const exponentMask = 0x7ff;
const mantissaMask = 0xf_ffff;
/** ln 2 as two numbers: the product of the first, which has 32 bits, with an exponent is exact (fdlibm, Sun 1993). */
const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;

/** 2/(2k+1): with |s| ≤ 0.172 the terms beyond the twelfth are below one unit in the last place. */
const logarithmTerms: readonly number[] = Array.from({ length: 12 }, (_, k) => 2 / (2 * k + 1));
/** 1/k!: with |r| ≤ ln 2 / 2 fourteen terms suffice. */
const exponentialTerms: readonly number[] = reciprocalFactorials(15);
/** Those of (e^r − 1) / r. */
const quotientTerms: readonly number[] = exponentialTerms.slice(1);
/** e^−40 is less than half a unit in the last place of 1. */
const nothingLeft = 40;

/** Natural logarithm of a positive, finite, normal number. */
export function ln(x: number): number {
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  let exponent = ((high >>> mantissaBits) & exponentMask) - exponentBias + 1;
  bits.setUint32(0, (high & mantissaMask) | ((exponentBias - 1) << mantissaBits));
  let mantissa = bits.getFloat64(0);
  if (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    exponent--;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  return exponent * ln2High + (s * polynomial(logarithmTerms, s * s) + exponent * ln2Low);
}

/** e to the power of `x`, for |x| below 700. */
export function exp(x: number): number {
  const exponent = Math.round(x / (ln2High + ln2Low));
  const rest = x - exponent * ln2High - exponent * ln2Low;
  bits.setUint32(0, (exponent + exponentBias) << mantissaBits);
  bits.setUint32(4, 0);
  return polynomial(exponentialTerms, rest) * bits.getFloat64(0);
}

/** e to the power of `x`, less 1, without losing the digits of a small result; `x` is below 700. */
export function expm1(x: number): number {
  if (x < -nothingLeft) return -1;
  return Math.abs(x) < Math.LN2 / 2 ? x * polynomial(quotientTerms, x) : exp(x) - 1;
}

/** `base` to the power of `exponent`; `base` is not negative. */
export function power(base: number, exponent: number): number {
  if (base === 0) return exponent === 0 ? 1 : 0;
  if (exponent === 1) return base;
  if (exponent === 2) return base * base;
  return exp(exponent * ln(base));
}

function polynomial(terms: readonly number[], x: number): number {
  let sum = 0;
  for (let k = terms.length - 1; k >= 0; k--) sum = sum * x + (terms[k] as number);
  return sum;
}

function reciprocalFactorials(count: number): number[] {
  const terms = [1];
  for (let k = 1; k < count; k++) terms.push((terms[k - 1] as number) / k);
  return terms;
}
