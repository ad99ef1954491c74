import type { Id } from './id.ts';

/** Whoever was talked to within this time is likely to be talked to again. */
const busyMs = 60_000;

export interface OpenConnection {
  readonly id: Id;
  /** When it was used last, by the clock of `nowMs`. */
  readonly usedMs: number;
}

export function isIdle({ usedMs }: OpenConnection, nowMs: number): boolean {
  return nowMs - usedMs >= busyMs;
}

/**
 * The `count` of these connections to close first: those that were not used of late, the farthest of them first, so that nodes stay
 * connected to those around them; where no round-trip time is known the mean of the others stands for it. Then those in use, the
 * least recently used first.
 */
export function leastWorth<T extends OpenConnection>(
  connections: readonly T[],
  count: number,
  nowMs: number,
  rttMs: (id: Id) => number | undefined,
): readonly T[] {
  const idle = connections.filter((connection) => isIdle(connection, nowMs));
  const busy = connections.filter((connection) => !isIdle(connection, nowMs));
  const far = idle.map((connection) => ({ connection, ms: rttMs(connection.id) }));
  const known = far.flatMap(({ ms }) => ms ?? []);
  const meanMs = known.reduce((sum, ms) => sum + ms, 0) / Math.max(1, known.length);
  far.sort((a, b) => (b.ms ?? meanMs) - (a.ms ?? meanMs) || a.connection.usedMs - b.connection.usedMs);
  return [...far.map(({ connection }) => connection), ...busy.sort((a, b) => a.usedMs - b.usedMs)].slice(0, count);
}
