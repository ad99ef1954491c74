import { exp, Id, idBytes, ln, power, type SeededRandom } from '@dht/overlay';

/** Uniform integer in 0 … `below` − 1. */
export function intBelow(random: SeededRandom, below: number): number {
  return Math.floor(random.next() * below);
}

/** Uniform in [`from`, `to`). */
export function uniform(random: SeededRandom, from: number, to: number): number {
  return from + random.next() * (to - from);
}

export function chance(random: SeededRandom, probability: number): boolean {
  return probability > 0 && random.next() < probability;
}

/** Time to the next event of a Poisson process with this mean between events. */
export function exponential(random: SeededRandom, mean: number): number {
  return -mean * ln(1 - random.next());
}

/**
 * Weibull distributed with the given mean. Shape 0.5 is what session times in deployed networks look like: many short ones and
 * a heavy tail (Stutzbach and Rejaie 2006).
 */
export function weibull(random: SeededRandom, mean: number, shape: 0.5 | 1): number {
  // The mean is scale · Γ(1 + 1/shape), which is 2 for shape 0.5 and 1 for shape 1.
  const scale = shape === 1 ? mean : mean / 2;
  return scale * power(-ln(1 - random.next()), 1 / shape);
}

/** Log-normally distributed; the mean is at least the median. */
export function logNormal(random: SeededRandom, median: number, mean: number): number {
  const deviation = Math.sqrt(2 * ln(mean / median));
  return median * exp(deviation * gaussian(random));
}

/** Standard normal, by Marsaglia's polar method: of all ways the one that needs no trigonometry. */
function gaussian(random: SeededRandom): number {
  for (;;) {
    const u = uniform(random, -1, 1);
    const v = uniform(random, -1, 1);
    const square = u * u + v * v;
    if (square > 0 && square < 1) return u * Math.sqrt((-2 * ln(square)) / square);
  }
}

/** One element; undefined when there is none. */
export function pick<T>(random: SeededRandom, from: readonly T[]): T | undefined {
  return from[intBelow(random, from.length)];
}

/** `count` different elements, or all of them when there are fewer, in random order (Fisher-Yates). */
export function sample<T>(random: SeededRandom, from: readonly T[], count: number): T[] {
  const pool = [...from];
  const taken: T[] = [];
  while (taken.length < count && pool.length > 0) {
    const last = pool.pop() as T;
    const index = intBelow(random, pool.length + 1);
    taken.push(index === pool.length ? last : (pool[index] as T));
    if (index < pool.length) pool[index] = last;
  }
  return taken;
}

export function randomBytes(random: SeededRandom, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = random.nextUint32() >>> 24;
  return bytes;
}

export function randomId(random: SeededRandom): Id {
  return Id.fromBytes(randomBytes(random, idBytes));
}
