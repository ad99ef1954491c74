import { readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Id } from '@dht/overlay';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openEnvironment } from '../../src/store/environment.ts';
import { Store } from '../../src/store/store.ts';
import { testBlock } from '../support/blocks.ts';
import { temporaryDirectory } from '../support/directory.ts';

const large = 100_000;

async function openStore(directory?: string): Promise<Store> {
  const store = await Store.open({ directory: directory ?? (await temporaryDirectory()), reserveBytes: 0 });
  onTestFinished(() => store.close().catch(() => {}));
  return store;
}

async function blockFiles(directory: string): Promise<string[]> {
  const entries = await readdir(join(directory, 'blocks'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('a block', () => {
  test.each([0, 1, 16 * 1024, 16 * 1024 + 1, 2 * 1024 * 1024])('of %i bytes is read as it was written', async (size) => {
    const store = await openStore();
    const block = testBlock(1, size);
    await store.blocks.put(block, block.bytes);
    expect(Buffer.compare((await store.blocks.get(block.key)) ?? Buffer.alloc(0), block.bytes)).toBe(0);
    expect(store.blocks.sizeOf(block.key)).toBe(size);
  });

  test('that nobody wrote is absent', async () => {
    const store = await openStore();
    expect(await store.blocks.get(testBlock(1).key)).toBeUndefined();
    expect(store.blocks.sizeOf(testBlock(1).key)).toBe(-1);
    expect(await store.blocks.delete(testBlock(1).key)).toBe(false);
  });

  test('written twice at the same time counts once', async () => {
    const store = await openStore();
    const block = testBlock(1, large);
    await Promise.all([store.blocks.put(block, block.bytes), store.blocks.put(block, block.bytes)]);
    expect([store.blocks.blocks, store.blocks.bytes]).toEqual([1, large]);
  });

  test('removed while it is written again is held or not, but never half', async () => {
    const directory = await temporaryDirectory();
    const store = await openStore(directory);
    const block = testBlock(1, large);
    await store.blocks.put(block, block.bytes);
    await Promise.all([store.blocks.delete(block.key), store.blocks.put(block, block.bytes)]);
    expect(await store.blocks.get(block.key)).toEqual(Buffer.from(block.bytes));
    expect(await blockFiles(directory)).toHaveLength(1);
    await Promise.all([store.blocks.put(block, block.bytes), store.blocks.delete(block.key)]);
    expect(await store.blocks.get(block.key)).toBeUndefined();
    expect([store.blocks.blocks, store.blocks.bytes]).toEqual([0, 0]);
    expect(await blockFiles(directory)).toHaveLength(0);
  });

  test.each(['flipped', 'cut off', 'gone'])('whose file is %s is corrupt once and absent from then on', async (damage) => {
    const directory = await temporaryDirectory();
    const store = await openStore(directory);
    const block = testBlock(1, large);
    await store.blocks.put(block, block.bytes);
    const [file = ''] = await blockFiles(directory);
    if (damage === 'flipped') await writeFile(file, Buffer.alloc(large));
    else await (damage === 'gone' ? rm(file) : truncate(file, 10));
    await expect(store.blocks.get(block.key)).rejects.toMatchObject({ code: 'corrupt' });
    expect(await store.blocks.get(block.key)).toBeUndefined();
    expect(store.blocks.blocks).toBe(0);
    await store.blocks.put(block, block.bytes);
    expect(await store.blocks.get(block.key)).toEqual(Buffer.from(block.bytes));
  });
});

describe('listing an arc', () => {
  const blocks = Array.from({ length: 40 }, (_, seed) => testBlock(seed, 10)).sort((a, b) => (a.key.hex < b.key.hex ? -1 : 1));

  test('gives the keys in ring order from its beginning, page by page, across zero', async () => {
    const store = await openStore();
    await Promise.all(blocks.map((block) => store.blocks.put(block, block.bytes)));
    const point = fc.oneof(
      fc.nat(blocks.length - 1).map((index) => blocks[index]!.key),
      fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map((value) => Id.fromBigInt(value)),
    );
    fc.assert(
      fc.property(point, point, fc.integer({ min: 1, max: 50 }), (from, to, limit) => {
        const behind = blocks.filter(({ key }) => key.hex > from.hex);
        const around = [...behind, ...blocks.filter(({ key }) => key.hex <= from.hex)];
        const end = around.findIndex(({ key }, i) =>
          i < behind.length ? to.hex > from.hex && key.hex > to.hex : to.hex > from.hex || key.hex > to.hex,
        );
        const expected = (end < 0 ? around : around.slice(0, end)).map(({ key }) => key.hex);
        const found: string[] = [];
        for (let after: Id | undefined, more = true; more; ) {
          const page = store.blocks.list({ from, to }, after, limit);
          expect(page.blocks.length).toBeLessThanOrEqual(limit);
          found.push(...page.blocks.map((block) => block.key.hex));
          after = page.blocks.at(-1)?.key;
          more = page.more;
        }
        expect(found).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test('behind a key outside of the arc gives nothing', async () => {
    const store = await openStore();
    for (const block of blocks.slice(0, 10)) await store.blocks.put(block, block.bytes);
    const arc = { from: blocks[2]!.key, to: blocks[5]!.key };
    expect(store.blocks.list(arc, blocks[8]!.key, 10)).toEqual({ blocks: [], more: false });
    expect(store.blocks.list(arc, arc.to, 10)).toEqual({ blocks: [], more: false });
  });
});

describe('opening', () => {
  test('finds blocks, counters and facts of the life before', async () => {
    const directory = await temporaryDirectory();
    const before = await openStore(directory);
    const blocks = [testBlock(1, 10), testBlock(2, large)];
    for (const block of blocks) await before.blocks.put(block, block.bytes);
    await before.meta.set({ incarnation: 7, storeId: 'ab' });
    await before.close();
    const after = await openStore(directory);
    for (const block of blocks) expect(Buffer.from((await after.blocks.get(block.key))!)).toEqual(Buffer.from(block.bytes));
    expect([after.blocks.blocks, after.blocks.bytes]).toEqual([2, large + 10]);
    expect([after.meta.get('incarnation'), after.meta.get('storeId')]).toEqual([7, 'ab']);
  });

  test('a store of another format is refused and says so', async () => {
    const directory = await temporaryDirectory();
    const environment = await openEnvironment(directory);
    await environment.write(() => void environment.meta.put('formatVersion', 99));
    await environment.close();
    await expect(Store.open({ directory, reserveBytes: 0 })).rejects.toThrow(/has format 99, but this program reads format 1/);
  });

  test('a directory with something else is refused and says so', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'index'), 'not a directory');
    await expect(Store.open({ directory, reserveBytes: 0 })).rejects.toThrow(/cannot open the store/);
  });
});

test('a disk without room beyond the reserve takes no blocks, but keeps and removes those it has', async () => {
  const directory = await temporaryDirectory();
  const before = await openStore(directory);
  const held = testBlock(1, large);
  await before.blocks.put(held, held.bytes);
  await before.close();
  const store = await Store.open({ directory, reserveBytes: Number.MAX_SAFE_INTEGER });
  onTestFinished(() => store.close());
  const refused = testBlock(2, large);
  await expect(store.blocks.put(refused, refused.bytes)).rejects.toMatchObject({ code: 'full' });
  await store.blocks.put(held, held.bytes);
  expect(await store.blocks.get(held.key)).toEqual(Buffer.from(held.bytes));
  expect(await store.blocks.delete(held.key)).toBe(true);
  expect(await blockFiles(directory)).toHaveLength(0);
});
