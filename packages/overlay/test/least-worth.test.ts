import { describe, expect, test } from 'vitest';
import type { Id } from '../src/index.ts';
import { leastWorth } from '../src/least-worth.ts';
import { randomId, seeded } from './network.ts';

const random = seeded(1);
const minute = 60_000;
const nowMs = 60 * minute;

function connection(rttMs: number | undefined, idleMs: number) {
  return { id: randomId(random), rttMs, usedMs: nowMs - idleMs };
}

function close(connections: readonly ReturnType<typeof connection>[], count: number) {
  const rttMs = (id: Id): number | undefined => connections.find((each) => each.id.equals(id))?.rttMs;
  return leastWorth(connections, count, nowMs, rttMs);
}

describe('of too many connections', () => {
  test('the farthest go first among those that nobody uses', () => {
    const [near, far, middle] = [connection(10, 5 * minute), connection(200, 5 * minute), connection(80, 20 * minute)];
    expect(close([near, far, middle], 2)).toEqual([far, middle]);
  });

  test('one that is in use stays, however far it leads', () => {
    const [busy, near] = [connection(300, 1_000), connection(10, 5 * minute)];
    expect(close([busy, near], 1)).toEqual([near]);
  });

  test('when all are in use the least recently used go', () => {
    const [a, b, c] = [connection(10, 3_000), connection(20, 1_000), connection(30, 2_000)];
    expect(close([a, b, c], 2)).toEqual([a, c]);
  });

  test('of one whose way was never measured the mean is assumed', () => {
    const [near, unknown, far] = [connection(10, 5 * minute), connection(undefined, 5 * minute), connection(100, 5 * minute)];
    expect(close([near, unknown, far], 2)).toEqual([far, unknown]);
  });

  test('nobody is measured: the one that is unused for longest', () => {
    const [a, b] = [connection(undefined, 5 * minute), connection(undefined, 6 * minute)];
    expect(close([a, b], 1)).toEqual([b]);
  });
});
