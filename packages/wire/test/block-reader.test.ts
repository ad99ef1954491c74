import { InvariantError } from '@dht/overlay';
import type { TransferHeader } from '@dht/storage';
import { type BlockEvent, BlockReader, encodeTransferHeader, limits, WireError } from '@dht/wire';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { transferHeaders } from './arbitraries.ts';
import { concat, cutAt } from './bytes.ts';

interface Transfer {
  readonly header: TransferHeader;
  readonly bytes: Uint8Array;
}

const transfers: fc.Arbitrary<Transfer> = fc
  .tuple(transferHeaders, fc.uint8Array({ maxLength: 2000 }))
  .map(([header, bytes]) => ({ header: { ...header, block: { ...header.block, size: bytes.length } }, bytes }));
const cuts = fc.array(fc.nat({ max: 100_000 }), { maxLength: 30 });

function streamOf(sequence: readonly Transfer[]): Uint8Array {
  return concat(...sequence.flatMap(({ header, bytes }) => [encodeTransferHeader(header), bytes]));
}

/** Reads all of it; the blocks whose turn is in `skipped` are not wanted. */
function readAll(
  chunks: readonly Uint8Array[],
  reader: BlockReader = new BlockReader(),
  skipped: ReadonlySet<number> = new Set(),
): BlockEvent[] {
  const events: BlockEvent[] = [];
  let headers = 0;
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      events.push(event);
      if (event.type === 'header' && skipped.has(headers++)) reader.skipBlock();
    }
  }
  return events;
}

test('blocks are the same however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(transfers, { maxLength: 5 }), cuts, (sequence, places) => {
      const reader = new BlockReader();
      const chunks = cutAt(streamOf(sequence), places);
      const events = readAll(chunks, reader);
      for (const chunk of chunks) chunk.fill(0xff);
      expect(events).toStrictEqual(
        sequence.flatMap(({ header, bytes }) => [
          { type: 'header', header },
          { type: 'block', header, bytes },
        ]),
      );
      expect(reader.isBetweenBlocks).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('a block that is not wanted is passed over, the ones around it come', () => {
  fc.assert(
    fc.property(fc.array(transfers, { maxLength: 5 }), cuts, fc.array(fc.nat({ max: 4 })), (sequence, places, turns) => {
      const skipped = new Set(turns);
      const events = readAll(cutAt(streamOf(sequence), places), new BlockReader(), skipped);
      expect(events).toStrictEqual(
        sequence.flatMap(({ header, bytes }, turn) => [
          { type: 'header', header },
          ...(skipped.has(turn) ? [] : [{ type: 'block', header, bytes }]),
        ]),
      );
    }),
    { numRuns: 300 },
  );
});

test('a stream that ends within a transfer is known to be cut off', () => {
  fc.assert(
    fc.property(transfers, fc.nat(), ({ header, bytes }, length) => {
      const stream = streamOf([{ header, bytes }]);
      const reader = new BlockReader();
      const cut = 1 + (length % (stream.length - 1));
      const events = readAll([stream.subarray(0, cut)], reader);
      expect(events.some(({ type }) => type === 'block')).toBe(false);
      expect(reader.isBetweenBlocks).toBe(false);
      expect(reader.received).toBe(Math.max(0, cut - encodeTransferHeader(header).length));
    }),
    { numRuns: 100 },
  );
});

test('a header above its limit is refused by its length alone', () => {
  const reader = new BlockReader();
  reader.push(Uint8Array.of(0x81, 0x02));
  expect(limits.transferHeaderBytesMax).toBe(256);
  expect(() => reader.next()).toThrow(WireError);
});

test('a block above 2 MiB is refused by its header', () => {
  const key = fc.sample(transferHeaders, { numRuns: 1, seed: 1 })[0]!;
  const bytes = encodeTransferHeader({ ...key, block: { ...key.block, size: limits.blockBytesMax } });
  const oversized = bytes.slice();
  // The size comes last: 2 MiB is the varint 80 80 80 01.
  expect([...bytes.slice(-4)]).toStrictEqual([0x80, 0x80, 0x80, 0x01]);
  oversized[oversized.length - 4] = 0x81;
  const reader = new BlockReader();
  reader.push(oversized);
  expect(() => reader.next()).toThrow(WireError);
  expect(readAll([bytes])).toHaveLength(1);
});

test('a block is skipped right after its header or not at all', () => {
  const reader = new BlockReader();
  expect(() => reader.skipBlock()).toThrow(InvariantError);
});
