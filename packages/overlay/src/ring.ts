import { assert } from './assert.ts';
import { compareIds, Id, idBits } from './id.ts';

/** The whole ring in units of 2²⁰⁸, as `Id.top` counts them. */
export const ringTops: number = 2 ** 48;
const ringSize = 1n << BigInt(idBits);

/** A stretch of the ring, clockwise, without `from` and with `to`. `from` equal to `to` is the whole ring. */
export interface Arc {
  readonly from: Id;
  readonly to: Id;
}

/** Whether `id` lies in (from, to], clockwise. */
export function inArc(id: Id, from: Id, to: Id): boolean {
  const ends = compareIds(from, to);
  if (ends === 0) return true;
  const afterFrom = compareIds(id, from) > 0;
  const upToTo = compareIds(id, to) <= 0;
  return ends < 0 ? afterFrom && upToTo : afterFrom || upToTo;
}

/** Clockwise distance from `from` to `to` in units of 2²⁰⁸, exact to one unit: for ordering, never for equality. */
export function clockwiseTop(from: Id, to: Id): number {
  if (to.top !== from.top) return topsAhead(from.top, to.top);
  // Of two ids that differ only below the upper bits, the one just behind is nearly a whole round away.
  return to.hex < from.hex ? ringTops : 0;
}

/** The same of the upper bits alone; 0 when they are equal. */
export function topsAhead(from: number, to: number): number {
  return to < from ? to - from + ringTops : to - from;
}

/** Ring distance, the shorter way round, in units of 2²⁰⁸, exact to one unit: for ordering, never for equality. */
export function ringTop(a: Id, b: Id): number {
  const distance = a.top < b.top ? b.top - a.top : a.top - b.top;
  return distance > ringTops / 2 ? ringTops - distance : distance;
}

/** Clockwise distance from `from` to `to`, 0 to 2²⁵⁶ − 1. Exact and slow. */
export function clockwiseDistance(from: Id, to: Id): bigint {
  return BigInt.asUintN(idBits, to.toBigInt() - from.toBigInt());
}

/** Ring distance: the shorter way round, 0 to 2²⁵⁵. Exact and slow. */
export function ringDistance(a: Id, b: Id): bigint {
  const clockwise = clockwiseDistance(a, b);
  const counter = ringSize - clockwise;
  return clockwise < counter ? clockwise : counter;
}

/** Orders `a` before `b` (negative) when it is clockwise closer behind `origin`. */
export function compareClockwise(origin: Id, a: Id, b: Id): number {
  const difference = clockwiseTop(origin, a) - clockwiseTop(origin, b);
  if (difference > 1 || difference < -1) return difference;
  if (a.equals(b)) return 0;
  const exact = clockwiseDistance(origin, a) - clockwiseDistance(origin, b);
  return exact < 0n ? -1 : exact > 0n ? 1 : 0;
}

/**
 * Orders `a` before `b` (negative) when `a` is numerically closer to `key`. On a tie the clockwise one comes first, so that
 * every key has exactly one root. 0 only when both are the same id.
 */
export function compareCloseness(key: Id, a: Id, b: Id): number {
  const difference = ringTop(key, a) - ringTop(key, b);
  // The 48-bit distance is off by less than one unit for each of the two, so a gap of more than two units is decisive.
  if (difference > 2 || difference < -2) return difference;
  return compareClosenessExact(key, a, b);
}

/** Whether `a` is strictly closer to `key` than `b`, ties broken as in `compareCloseness`. */
export function isCloser(key: Id, a: Id, b: Id): boolean {
  return compareCloseness(key, a, b) < 0;
}

/**
 * The last key, clockwise from `a`, that is closer to `a` than to `b`: where the arc of one ends and that of the other begins.
 * An exact tie belongs to `b`, the clockwise one, as in `compareCloseness`. `a` and `b` must differ.
 */
export function arcBoundary(a: Id, b: Id): Id {
  const distance = clockwiseDistance(a, b);
  assert(distance > 0n, 'a boundary lies between two different ids');
  return Id.fromBigInt(a.toBigInt() + (distance - 1n) / 2n);
}

function compareClosenessExact(key: Id, a: Id, b: Id): number {
  if (a.equals(b)) return 0;
  const toA = ringDistance(key, a);
  const toB = ringDistance(key, b);
  if (toA !== toB) return toA < toB ? -1 : 1;
  return clockwiseDistance(key, a) === toA ? -1 : 1;
}
