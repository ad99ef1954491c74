import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Id, sharedPrefixLength } from '../src/id.ts';
import { Peer } from '../src/peers.ts';
import { compareCloseness, inArc } from '../src/ring.ts';
import { RoutingTable } from '../src/routing-table.ts';

const anyId = fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }).map((value) => Id.fromBigInt(value));
/** Ids that share digits with one another more often than chance would have it. */
const clusteredId = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), anyId)
  .map(([a, b, id]) => Id.fromHex(`${a}${b}${id.hex.slice(2)}`));
const ids = fc.uniqueArray(fc.oneof(anyId, clusteredId), { minLength: 2, maxLength: 60, selector: (id) => id.hex });

function peer(id: Id, rttMs?: number): Peer {
  const made = new Peer({ id, incarnation: 1, role: 'full', address: new Uint8Array(0), addressSeq: 0 });
  if (rttMs !== undefined) made.measured(rttMs);
  return made;
}

test('a contact is in the row of its shared prefix and the column of its next digit', () => {
  fc.assert(
    fc.property(ids, (all) => {
      const [self, ...others] = all as [Id, ...Id[]];
      const table = new RoutingTable(self, 3, 1000);
      for (const id of others) table.insert(peer(id));
      expect(table.size).toBe(others.length);
      for (const { row, column, peers } of table.cells()) {
        for (const { id } of peers) {
          expect(sharedPrefixLength(self, id)).toBe(row);
          expect(id.digit(row)).toBe(column);
        }
      }
    }),
  );
});

test('a full table never grows, and a cell below its size still gets its first contacts', () => {
  fc.assert(
    fc.property(ids, fc.integer({ min: 4, max: 20 }), (all, max) => {
      const [self, ...others] = all as [Id, ...Id[]];
      const table = new RoutingTable(self, 1, max);
      const peers = others.map((id) => peer(id));
      for (const each of peers) table.insert(each);
      expect(table.size).toBeLessThanOrEqual(max);
      expect(table.cells().reduce((sum, { peers: inCell }) => sum + inCell.length, 0)).toBe(table.size);
      expect(peers.filter((each) => each.isTabled).length).toBe(table.size);
      const cellsWanted = new Set(others.map((id) => `${sharedPrefixLength(self, id)}.${id.digit(sharedPrefixLength(self, id))}`)).size;
      expect(table.cells().length).toBe(Math.min(cellsWanted, max));
    }),
  );
});

test('cells order their contacts by connection, then by round-trip time', () => {
  const self = Id.fromHex('0'.repeat(64));
  const table = new RoutingTable(self, 3, 100);
  const [slow, quick, unknown, connected] = [peer(hex('a1'), 90), peer(hex('a2'), 10), peer(hex('a3')), peer(hex('a4'))];
  connected.connected = true;
  for (const each of [unknown, slow, connected, quick]) table.insert(each);
  expect(table.cellOf(hex('a5'))).toEqual([connected, quick, slow, unknown]);
  slow.connected = true;
  table.insert(slow);
  expect(table.cellOf(hex('a5'))).toEqual([slow, connected, quick, unknown]);
});

test('the next hop is strictly closer, and is found whenever there is one', () => {
  fc.assert(
    fc.property(ids, anyId, (all, key) => {
      const [self, ...others] = all as [Id, ...Id[]];
      const table = new RoutingTable(self, 3, 1000);
      for (const id of others) table.insert(peer(id));
      const hop = table.closest(key, self, () => true);
      const isCloserKnown = others.some((id) => compareCloseness(key, id, self) < 0);
      expect(hop !== undefined).toBe(isCloserKnown);
      if (hop !== undefined) expect(compareCloseness(key, hop.id, self)).toBeLessThan(0);
    }),
  );
});

test('the nearest contact may be beside the column of the key', () => {
  const table = new RoutingTable(hex('00'), 3, 100);
  const [far, near] = [peer(hex('7000')), peer(hex('8001'))];
  for (const each of [far, near]) table.insert(each);
  const key = hex('7ff0');
  expect(table.closest(key, hex('00'), () => true)).toBe(far);
  expect(table.closestBeside(key, far.id, () => true)).toBe(near);
  expect(table.closestBeside(hex('7010'), far.id, () => true)).toBeUndefined();
});

test('what was removed is not found any more', () => {
  const self = hex('00');
  const table = new RoutingTable(self, 3, 100);
  const only = peer(hex('b0'));
  table.insert(only);
  table.remove(only);
  expect(table.size).toBe(0);
  expect(table.closest(hex('b1'), self, () => true)).toBeUndefined();
  table.remove(only);
  expect(table.size).toBe(0);
});

function hex(top: string): Id {
  return Id.fromHex(top.padEnd(64, '0'));
}

test('a table whose limit falls keeps a contact in every cell and the best of those it had', () => {
  fc.assert(
    fc.property(ids, fc.integer({ min: 1, max: 30 }), (all, spare) => {
      const [self, ...others] = all as [Id, ...Id[]];
      const table = new RoutingTable(self, 3, 1000);
      for (const [rttMs, id] of others.entries()) table.insert(peer(id, rttMs));
      const before = new Map(table.cells().map(({ row, column, peers }) => [`${row}.${column}`, peers]));
      const max = before.size + spare;
      table.limit(max);
      expect(table.size).toBe(Math.min(max, others.length));
      expect(table.cells().length).toBe(before.size);
      for (const { row, column, peers } of table.cells()) expect(peers).toEqual(before.get(`${row}.${column}`)?.slice(0, peers.length));
      for (const peers of before.values()) for (const each of peers) expect(each.isTabled).toBe(table.cellOf(each.id).includes(each));
    }),
  );
});

test('the contacts within an arc are those that lie in it, wherever it begins and ends', () => {
  fc.assert(
    fc.property(ids, fc.oneof(anyId, clusteredId), fc.oneof(anyId, clusteredId), (all, from, to) => {
      const [self, ...others] = all as [Id, ...Id[]];
      const table = new RoutingTable(self, 3, 1000);
      for (const id of others) table.insert(peer(id));
      const within = table.within({ from, to }).map(({ id }) => id.hex);
      expect(within.toSorted()).toEqual(
        others
          .filter((id) => inArc(id, from, to))
          .map(({ hex }) => hex)
          .toSorted(),
      );
    }),
  );
});
