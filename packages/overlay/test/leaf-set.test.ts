import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Contact } from '../src/contact.ts';
import { Id } from '../src/id.ts';
import { LeafSet } from '../src/leaf-set.ts';
import { Peer } from '../src/peers.ts';
import { arcBoundary, clockwiseDistance, compareCloseness, inArc, ringDistance } from '../src/ring.ts';
import { randomId, seeded } from './network.ts';

const size = 8;
/** Ids as hashes are: uniform, without the extremes that a generator of numbers prefers. */
const anyId = fc.nat().map((seed) => randomId(seeded(seed)));
/** Ids around one point, so that they differ only in their last bits. */
const crowdedId = fc.bigInt({ min: -40n, max: 40n }).map((value) => Id.fromBigInt((1n << 255n) + value));
const ids = fc.oneof(
  fc.uniqueArray(anyId, { minLength: 1, maxLength: 30, selector: (id) => id.hex }),
  fc.uniqueArray(crowdedId, { minLength: 1, maxLength: 30, selector: (id) => id.hex }),
);

function peer(id: Id, status: Peer['status'] = 'active'): Peer {
  const contact: Contact = { id, incarnation: 1, role: 'full', address: new Uint8Array(0), addressSeq: 0 };
  const made = new Peer(contact);
  made.status = status;
  return made;
}

/** A leaf set that has been offered all the ids behind the first, which is the node's own. */
function build(all: readonly Id[]): { leafSet: LeafSet; self: Id } {
  const [self, ...others] = all as [Id, ...Id[]];
  const leafSet = new LeafSet(peer(self), size);
  for (const id of others) if (leafSet.fits(id)) leafSet.insert(peer(id));
  return { leafSet, self };
}

function hexes(contacts: readonly { readonly id: Id }[]): string[] {
  return contacts.map(({ id }) => id.hex);
}

test('who is far off does not fit', () => {
  fc.assert(
    fc.property(ids, fc.oneof(anyId, crowdedId), (all, id) => {
      const { leafSet } = build(all);
      if (leafSet.isFarOff(id.top)) expect(leafSet.fits(id)).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('on a large ring nearly everybody is far off', () => {
  const [self, ...others] = Array.from({ length: 1000 }, (_, seed) => randomId(seeded(seed)));
  const { leafSet } = build([self as Id, ...others]);
  expect(others.filter(({ top }) => !leafSet.isFarOff(top))).toHaveLength(size);
});

describe('against a model that sorts all nodes by exact distance', () => {
  test('a small ring is held whole, each node once', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyId, { minLength: 1, maxLength: size, selector: (id) => id.hex }), (all) => {
        const { leafSet, self } = build(all);
        const others = all.filter((id) => id !== self);
        expect(hexes(leafSet.members).sort()).toEqual(hexes(others.map((id) => ({ id }))).sort());
        const byDistance = [...others].sort((a, b) => (clockwiseDistance(self, a) < clockwiseDistance(self, b) ? -1 : 1));
        expect(hexes(leafSet.members)).toEqual(byDistance.map((id) => id.hex));
      }),
    );
  });

  test('a full leaf set that was offered all nodes nearest first holds the nearest half on each side', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyId, { minLength: 33, maxLength: 70, selector: (id) => id.hex }), (all) => {
        const size = 32;
        const [self, ...others] = all as [Id, ...Id[]];
        const clockwise = [...others].sort((a, b) => (clockwiseDistance(self, a) < clockwiseDistance(self, b) ? -1 : 1));
        const leafSet = new LeafSet(peer(self), size);
        for (let i = 0; i < clockwise.length; i++) {
          for (const id of [clockwise[i]!, clockwise[clockwise.length - 1 - i]!]) {
            if (!leafSet.has(id) && leafSet.fits(id)) leafSet.insert(peer(id));
          }
        }
        expect(hexes(leafSet.clockwise)).toEqual(clockwise.slice(0, size / 2).map((id) => id.hex));
        expect(hexes(leafSet.counterClockwise)).toEqual(
          clockwise
            .slice(-size / 2)
            .reverse()
            .map((id) => id.hex),
        );
        expect(leafSet.isComplete).toBe(true);
      }),
    );
  });

  test('replica sets are the closest members and this node, closest first', () => {
    fc.assert(
      fc.property(ids, anyId, fc.integer({ min: 1, max: 12 }), (all, key, rank) => {
        const { leafSet, self } = build(all);
        const known = [self, ...leafSet.members.map((member) => member.id)].sort((a, b) => compareCloseness(key, a, b));
        expect(hexes(leafSet.replicaSet(key, rank))).toEqual(known.slice(0, rank).map((id) => id.hex));
      }),
    );
  });

  test('the range of rank r is where this node is among the r closest', () => {
    fc.assert(
      fc.property(ids, anyId, fc.integer({ min: 1, max: size / 2 }), (all, key, rank) => {
        const { leafSet, self } = build(all);
        const range = leafSet.range(rank)!;
        const isMine = hexes(leafSet.replicaSet(key, rank)).includes(self.hex);
        // What lies beyond the leaf set of a large ring is not for this node to know.
        if (leafSet.covers(key)) expect(inArc(key, range.from, range.to)).toBe(isMine);
      }),
    );
  });

  test('a replica set that is covered has no closer node outside', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyId, { minLength: 12, maxLength: 60, selector: (id) => id.hex }), anyId, (all, key) => {
        const { leafSet } = build(all);
        fc.pre(leafSet.members.length === size && leafSet.coversReplicaSet(key, 3));
        const [self] = all as [Id, ...Id[]];
        // The leaf set is only as good as what it was offered; take the true one.
        const clockwise = all
          .filter((id) => id !== self)
          .sort((a, b) => (clockwiseDistance(self, a) < clockwiseDistance(self, b) ? -1 : 1));
        const members = new Set([...clockwise.slice(0, size / 2), ...clockwise.slice(-size / 2)].map((id) => id.hex));
        fc.pre(leafSet.members.every((member) => members.has(member.id.hex)));
        const truth = [...all].sort((a, b) => compareCloseness(key, a, b)).slice(0, 3);
        expect(hexes(leafSet.replicaSet(key, 3))).toEqual(truth.map((id) => id.hex));
      }),
    );
  });

  test('what was inserted and removed again leaves no trace', () => {
    fc.assert(
      fc.property(ids, fc.nat(), (all, choice) => {
        const { leafSet, self } = build(all);
        fc.pre(leafSet.size > 0 && leafSet.size < size);
        const member = leafSet.members[choice % leafSet.size]!;
        leafSet.remove(member.id);
        expect(leafSet.has(member.id)).toBe(false);
        expect(member.isLeaf).toBe(false);
        expect(hexes(leafSet.replicaSet(self, size))).not.toContain(member.id.hex);
      }),
    );
  });
});

describe('on a large ring with members missing', () => {
  const self = Id.fromBigInt(1n << 200n);
  const near = Array.from({ length: 5 }, (_, i) => Id.fromBigInt((1n << 200n) + BigInt(i + 1) * (1n << 190n)));
  const opposite = Id.fromBigInt((1n << 255n) + 7n);

  test('a handful of nodes close by is not taken for the whole ring', () => {
    const leafSet = new LeafSet(peer(self), size);
    for (const id of near) leafSet.insert(peer(id));
    expect(leafSet.overlaps).toBe(false);
    expect(leafSet.covers(opposite)).toBe(false);
    expect(leafSet.coversReplicaSet(opposite, 2)).toBe(false);
    expect(leafSet.estimatedSize()).toBeGreaterThan(1000);
  });

  test('a node from the far side does not pass for a neighbour', () => {
    const leafSet = new LeafSet(peer(self), 32);
    for (let i = 1; i <= 5; i++) {
      for (const side of [1n, -1n]) leafSet.insert(peer(Id.fromBigInt((1n << 200n) + side * BigInt(i) * (1n << 190n))));
    }
    expect(leafSet.fits(opposite)).toBe(false);
    expect(leafSet.fits(Id.fromBigInt((1n << 200n) + 8n * (1n << 190n)))).toBe(true);
  });

  test('a handful of nodes that happen to be close by keeps nobody out', () => {
    const leafSet = new LeafSet(peer(self), 32);
    for (const id of near) leafSet.insert(peer(id));
    expect(leafSet.fits(opposite)).toBe(true);
  });

  test('while it knows nobody on one side, a node takes whoever is nearest there, and claims nothing of what lies between', () => {
    const leafSet = new LeafSet(peer(self), 32);
    const crowd = Array.from({ length: 20 }, (_, i) => Id.fromBigInt((1n << 200n) + BigInt(i + 1) * (1n << 190n)));
    for (const id of crowd) leafSet.insert(peer(id));
    const [far, farther, between] = [1n << 253n, 1n << 252n, 1n << 254n].map((value) => Id.fromBigInt(value)) as [Id, Id, Id];
    expect(leafSet.fits(far)).toBe(true);
    leafSet.insert(peer(far));
    expect(hexes(leafSet.counterClockwise)).toEqual([far.hex]);
    expect(leafSet.covers(between)).toBe(false);
    expect(leafSet.fits(farther)).toBe(false);
    expect(leafSet.fits(between)).toBe(true);
  });
});

test('joining and leaving members count in no replica set, admitted ones do', () => {
  const [self, a, b, c] = ['1', '2', '3', '4'].map((top) => Id.fromHex(top.padEnd(64, '0'))) as [Id, Id, Id, Id];
  const leafSet = new LeafSet(peer(self), size);
  const joining = peer(a, 'joining');
  leafSet.insert(joining);
  leafSet.insert(peer(b, 'leaving'));
  leafSet.insert(peer(c));
  expect(hexes(leafSet.replicaSet(self, 4))).toEqual([self.hex, c.hex]);
  expect(hexes(leafSet.members)).toEqual([a.hex, b.hex, c.hex]);
  joining.isAdmitted = true;
  leafSet.touch();
  expect(hexes(leafSet.replicaSet(self, 4))).toEqual([self.hex, a.hex, c.hex]);
});

test('a boundary is where the closer of two nodes changes', () => {
  fc.assert(
    fc.property(anyId, anyId, (a, b) => {
      fc.pre(!a.equals(b));
      const boundary = arcBoundary(a, b);
      const behind = Id.fromBigInt(boundary.toBigInt() + 1n);
      // Measured on the stretch from a to b; the other way round the ring may be shorter.
      fc.pre(clockwiseDistance(a, b) <= 1n << 255n);
      expect(compareCloseness(boundary, a, b)).toBeLessThan(0);
      expect(compareCloseness(behind, a, b)).toBeGreaterThan(0);
      expect(ringDistance(a, boundary)).toBeLessThanOrEqual(ringDistance(boundary, b));
    }),
  );
});
