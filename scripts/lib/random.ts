import type { Random } from '@dht/overlay';

/** Uniform integer in 0 … `below` − 1. */
function intBelow(random: Random, below: number): number {
  return Math.floor(random.next() * below);
}

/** Uniform in [`from`, `to`). */
export function uniform(random: Random, from: number, to: number): number {
  return from + random.next() * (to - from);
}

export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.next());
}

/**
 * Session times as they are in deployed networks: Weibull with shape 0.5, many short ones and a heavy tail (Stutzbach and
 * Rejaie 2006, "Understanding churn in peer-to-peer networks").
 */
export function sessionTime(random: Random, median: number): number {
  const shape = 0.5;
  return median * (-Math.log2(1 - random.next())) ** (1 / shape);
}

/** Log-uniform integer in [`from`, `to`]: every order of magnitude is equally likely. */
export function logUniform(random: Random, from: number, to: number): number {
  return Math.min(to, Math.round(from * (to / from) ** random.next()));
}

/** One element. Throws when there is none. */
export function pick<T>(random: Random, from: readonly T[]): T {
  if (from.length === 0) throw new RangeError('nothing to pick from');
  return from[intBelow(random, from.length)] as T;
}

/** `count` different elements, or all when there are fewer, in random order. */
export function sample<T>(random: Random, from: readonly T[], count: number): T[] {
  const pool = [...from];
  const taken: T[] = [];
  while (taken.length < count && pool.length > 0) taken.push(...pool.splice(intBelow(random, pool.length), 1));
  return taken;
}
