import type { LeafReply, LeafSetReply } from '@dht/node';
import { describe, expect, test } from 'vitest';
import { leafSetFault, ringOrder } from '../lib/leaf-set-check.ts';

const leafSetSize = 4;
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`.padStart(64, '0'));
const leaf = (id: string, status: LeafReply['status'] = 'active'): LeafReply => ({
  ...{ id, peerId: `peer ${id}`, incarnation: 1, role: 'full', multiaddrs: [] },
  ...{ status, connected: true, suspected: false },
});
const view = (id: string, clockwise: readonly string[], counterClockwise: readonly string[]): LeafSetReply => ({
  id,
  clockwise: clockwise.map((other) => leaf(other)),
  counterClockwise: counterClockwise.map((other) => leaf(other)),
});

describe('a leaf set of 4 in a ring of 8', () => {
  const ring = ringOrder(ids(8).toReversed());
  const [a, b, c, d, , , g, h] = ring as [string, string, string, string, string, string, string, string];

  test('the two next on each side, across the end of the ring: exact', () => {
    expect(leafSetFault(ring, view(a, [b, c], [h, g]), leafSetSize)).toBeUndefined();
  });

  test('a member is missing', () => {
    expect(leafSetFault(ring, view(a, [b], [h, g]), leafSetSize)).toBe('lacks 00000000');
  });

  test('a farther one in place of a nearer one', () => {
    expect(leafSetFault(ring, view(a, [b, d], [h, g]), leafSetSize)).toContain('does not belong there');
  });

  test('a dead one is still there', () => {
    const dead = 'f'.repeat(64);
    expect(leafSetFault(ring, view(a, [b, c], [h, dead]), leafSetSize)).toBe('has ffffffff, which does not belong there');
  });

  test('all members there, but one is thought to be joining still', () => {
    const exact = view(a, [b, c], [h, g]);
    const doubtful = { ...exact, clockwise: [leaf(b), leaf(c, 'joining')] };
    expect(leafSetFault(ring, doubtful, leafSetSize)).toBe('has 00000000 as joining');
  });

  test('the node whose leaf set it is has been given up by everyone', () => {
    expect(leafSetFault(ring, view('e'.repeat(64), [b, c], [h, g]), leafSetSize)).toContain('not among the living');
  });
});

describe('a leaf set of 4 in a ring of 4, where the halves overlap', () => {
  const ring = ringOrder(ids(4));
  const [a, b, c, d] = ring as [string, string, string, string];

  test('every other node once, on whichever side', () => {
    expect(leafSetFault(ring, view(a, [b, c], [d]), leafSetSize)).toBeUndefined();
    expect(leafSetFault(ring, view(a, [b], [d, c]), leafSetSize)).toBeUndefined();
  });

  test('one is missing', () => {
    expect(leafSetFault(ring, view(a, [b], [d]), leafSetSize)).toBe('lacks 00000000');
  });
});

test('a node alone has an empty leaf set', () => {
  const [alone] = ids(1) as [string];
  expect(leafSetFault([alone], view(alone, [], []), leafSetSize)).toBeUndefined();
});
