import { compareIds, Id, inArc, SeededRandom } from '@dht/overlay';
import type { BlockRef } from '@dht/storage';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newBlock } from '../src/machine/blocks.ts';
import { Disk } from '../src/machine/disk.ts';
import { idOf } from './support/probe-core.ts';

const hexDigit = fc.integer({ min: 0, max: 15 }).map((digit) => digit.toString(16));

function blockAt(key: Id): BlockRef {
  return { key, multihash: new Uint8Array(34), size: 10 };
}

test('listing page by page gives every key of the arc once, clockwise', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(hexDigit, { maxLength: 16 }),
      hexDigit,
      hexDigit,
      fc.integer({ min: 1, max: 5 }),
      (digits, from, to, limit) => {
        const disk = new Disk('d', 1, Number.POSITIVE_INFINITY);
        for (const digit of digits) disk.write(blockAt(idOf(digit)));
        const arc = { from: idOf(from), to: idOf(to) };
        const listed: Id[] = [];
        for (let more = true; more && listed.length <= 16; ) {
          const page = disk.list(arc, listed.at(-1), limit);
          expect(page.blocks.length).toBeLessThanOrEqual(limit);
          listed.push(...page.blocks.map(({ key }) => key));
          more = page.more;
        }
        const inside = digits.map(idOf).filter((key) => inArc(key, arc.from, arc.to));
        const behind = (key: Id): bigint => BigInt.asUintN(256, key.toBigInt() - arc.from.toBigInt() - 1n);
        inside.sort((a, b) => (behind(a) < behind(b) ? -1 : 1));
        expect(listed.map(String)).toEqual(inside.map(String));
      },
    ),
  );
});

test('a full disk takes what it has already, and nothing else', () => {
  const disk = new Disk('d', 1, 15);
  const [first, second] = [blockAt(idOf('1')), blockAt(idOf('2'))];
  disk.write(first);
  expect(disk.hasRoomFor(first)).toBe(true);
  expect(disk.hasRoomFor(second)).toBe(false);
  disk.delete(first.key);
  expect(disk.hasRoomFor(second)).toBe(true);
  expect(disk.everHeld(first.key)).toBe(true);
});

test('bytes that went bad stay bad until they are written anew', () => {
  const disk = new Disk('d', 1, Number.POSITIVE_INFINITY);
  const block = blockAt(idOf('1'));
  disk.write(block);
  disk.spoil(block.key);
  expect(disk.isSpoiled(block.key)).toBe(true);
  disk.write(block);
  expect(disk.isSpoiled(block.key)).toBe(false);
  expect(disk.usedBytes).toBe(10);
});

test('keys of new blocks are spread over the ring', () => {
  const random = new SeededRandom(1);
  const keys = Array.from({ length: 64 }, () => newBlock(random, 1).key).sort(compareIds);
  expect(new Set(keys.map((key) => key.digit(0))).size).toBeGreaterThan(8);
  expect(keys[0]).toBeInstanceOf(Id);
});
