import type { SeededRandom } from '@dht/overlay';
import { exponential } from './distributions.ts';

/** Where a host sits: a point on a unit square, and what its own line adds one way. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly accessMs: number;
}

/** The topology that latencies come from. One-way, in milliseconds. */
export interface LatencyOptions {
  /** From one corner of the square to the opposite one. */
  readonly diameterMs: number;
  /** Mean of a host's own line, exponentially distributed. */
  readonly accessMsMean: number;
  /** Mean of what each message is delayed on top, exponentially distributed. */
  readonly jitterMsMean: number;
  /** No message is faster. */
  readonly floorMs: number;
}

export type TopologyName = 'lan' | 'internet';

export const topologies: Readonly<Record<TopologyName, LatencyOptions>> = {
  /** One building. */
  lan: { diameterMs: 0.3, accessMsMean: 0.1, jitterMsMean: 0.05, floorMs: 0.1 },
  /** Hosts around the world: the median round trip is about 80 ms, as in the King data set (Gummadi et al. 2002). */
  internet: { diameterMs: 60, accessMsMean: 6, jitterMsMean: 2, floorMs: 0.5 },
};

export function placeHost(random: SeededRandom, { accessMsMean }: LatencyOptions): Place {
  return { x: random.next(), y: random.next(), accessMs: exponential(random, accessMsMean) };
}

/** Without jitter; the same in both directions. */
export function propagationMs(a: Place, b: Place, { diameterMs, floorMs }: LatencyOptions): number {
  const dx = a.x - b.x;
  const dy = a.y - b.y;
  return floorMs + a.accessMs + b.accessMs + diameterMs * Math.sqrt((dx * dx + dy * dy) / 2);
}
