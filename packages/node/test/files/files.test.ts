import { Buffer } from 'node:buffer';
import { MemoryBlockstore } from 'blockstore-core';
import fc from 'fast-check';
import { importer } from 'ipfs-unixfs-importer';
import { pack, type TarImportCandidate } from 'it-tar';
import { CID } from 'multiformats/cid';
import { describe, expect, test } from 'vitest';
import type { ListEntry } from '../../src/api/contract.ts';
import { parseCid } from '../../src/files/block-name.ts';
import { BlockReader } from '../../src/files/block-reader.ts';
import { openTarget } from '../../src/files/entry.ts';
import { importFile, importFolder } from '../../src/files/import.ts';
import { listFolder } from '../../src/files/list-folder.ts';
import { PutSession } from '../../src/files/put-session.ts';
import { readFile } from '../../src/files/read-file.ts';
import { testBlock } from '../support/blocks.ts';
import { collect } from '../support/collect.ts';
import { holders, MemoryExchange, stored } from '../support/memory-exchange.ts';

const mebibyte = 1024 * 1024;

function sessionOf(exchange: MemoryExchange, options: Partial<ConstructorParameters<typeof PutSession>[0]> = {}): PutSession {
  return new PutSession({ exchange, replicas: 3, writeQuorum: 2, ...options });
}

async function* chunks(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}

function putFile(exchange: MemoryExchange, bytes: Uint8Array): Promise<string> {
  return importFile(chunks(bytes), sessionOf(exchange)).then(({ cid }) => cid.toString());
}

function tarOf(entries: TarImportCandidate[]): AsyncIterable<Uint8Array> {
  return pack()(entries) as AsyncIterable<Uint8Array>;
}

async function putFolder(exchange: MemoryExchange, entries: TarImportCandidate[]): Promise<string> {
  const session = sessionOf(exchange);
  const { cid } = await importFolder(tarOf(entries), session);
  await session.finish(cid);
  return cid.toString();
}

async function read(exchange: MemoryExchange, target: string, options: { offset?: number; length?: number } = {}): Promise<Buffer> {
  const reader = new BlockReader(exchange);
  const parts: Uint8Array[] = [];
  for await (const part of readFile(await openTarget(target, reader), reader, options)) parts.push(part);
  return Buffer.concat(parts);
}

async function list(exchange: MemoryExchange, target: string, recursive = false): Promise<ListEntry[]> {
  const reader = new BlockReader(exchange);
  return collect(listFolder(await openTarget(target, reader), reader, { recursive }));
}

/** What the library itself, with the same profile and a blockstore of its own, makes of it. */
async function golden(entries: { path?: string; content: Uint8Array }[], wrapWithDirectory = false): Promise<string> {
  const all = await collect(importer(entries, new MemoryBlockstore(), { profile: 'unixfs-v1-2025', wrapWithDirectory }));
  return all.at(-1)!.cid.toString();
}

describe('the CID of a file', () => {
  test.each([
    ['nothing', '', 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'],
    ['hello world', 'hello world', 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'],
  ])('of %s is the known one', async (_, text, cid) => {
    expect(await putFile(new MemoryExchange(), Buffer.from(text))).toBe(cid);
  });

  test.each([0, 1, mebibyte - 1, mebibyte, mebibyte + 1, 3 * mebibyte + 17])(
    'of %i bytes is that of profile unixfs-v1-2025',
    async (size) => {
      const { bytes } = testBlock(5, size);
      const exchange = new MemoryExchange();
      const cid = await putFile(exchange, bytes);
      expect(cid).toBe(await golden([{ content: bytes }]));
      expect(Buffer.compare(await read(exchange, cid), bytes)).toBe(0);
    },
  );
});

describe('a folder', () => {
  const entries = [
    { header: { name: 'a.txt', type: 'file' as const }, body: 'first' },
    { header: { name: './sub/b.txt', type: 'file' as const }, body: 'second' },
    { header: { name: 'empty', type: 'directory' as const } },
    { header: { name: 'link', type: 'symlink' as const, linkname: 'sub/b.txt' } },
  ];

  test('has the CID that the library gives it', async () => {
    const cid = await putFolder(new MemoryExchange(), entries.slice(0, 2));
    const same = [
      { path: 'a.txt', content: Buffer.from('first') },
      { path: 'sub/b.txt', content: Buffer.from('second') },
    ];
    expect(cid).toBe(await golden(same, true));
  });

  test('without anything in it has the known CID', async () => {
    expect(await putFolder(new MemoryExchange(), [])).toBe('bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354');
  });

  test('is listed with kinds, sizes and targets, and its files are read by path', async () => {
    const exchange = new MemoryExchange();
    const cid = await putFolder(exchange, entries);
    expect((await list(exchange, cid)).map(({ name, kind, size, target }) => [name, kind, size, target])).toEqual([
      ['a.txt', 'file', 5, undefined],
      ['empty', 'directory', undefined, undefined],
      ['link', 'symlink', undefined, 'sub/b.txt'],
      ['sub', 'directory', undefined, undefined],
    ]);
    expect((await list(exchange, cid, true)).map(({ path }) => path)).toEqual(['a.txt', 'empty', 'link', 'sub', 'sub/b.txt']);
    expect((await list(exchange, `${cid}/a.txt`)).map(({ path, kind }) => [path, kind])).toEqual([['', 'file']]);
    expect(String(await read(exchange, `${cid}/sub/b.txt`))).toBe('second');
    expect(String(await read(exchange, `/ipfs/${cid}/sub/b.txt`))).toBe('second');
  });

  test('of thousands of files is sharded, listed whole and read by path', async () => {
    const exchange = new MemoryExchange();
    const names = Array.from({ length: 1300 }, (_, i) => `${'a long name, so that few of them make a shard '.repeat(4)}${i}`);
    const many = names.map((name) => ({ header: { name, type: 'file' as const }, body: name }));
    const cid = await putFolder(exchange, many);
    expect(cid).toBe(
      await golden(
        names.map((name) => ({ path: name, content: Buffer.from(name) })),
        true,
      ),
    );
    expect((await list(exchange, cid)).map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(String(await read(exchange, `${cid}/${names[1234]}`))).toBe(names[1234]);
  });

  test.each(['../evil', '/etc/passwd', 'a/../../b'])('with the name %s is refused', async (name) => {
    const evil = [{ header: { name, type: 'file' as const }, body: 'x' }];
    await expect(putFolder(new MemoryExchange(), evil)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('leads out'),
    });
  });

  test.each(['fifo', 'character-device', 'link'] as const)('with a %s in it is refused', async (type) => {
    const odd = [{ header: { name: 'odd', type, linkname: 'x' } }];
    await expect(putFolder(new MemoryExchange(), odd)).rejects.toMatchObject({
      exitCode: 2,
      message: `odd is a ${type}, which cannot be stored`,
    });
  });

  test.each(['nothing', 'a.txt/deeper', 'sub/c.txt'])('does not have %s, and says so', async (path) => {
    const exchange = new MemoryExchange();
    const cid = await putFolder(exchange, entries);
    await expect(read(exchange, `${cid}/${path}`)).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining(path) });
  });
});

describe('reading', () => {
  test('any range gives those bytes', async () => {
    const { bytes } = testBlock(1, 3 * mebibyte + 5);
    const exchange = new MemoryExchange();
    const cid = await putFile(exchange, bytes);
    const position = fc.oneof(fc.nat(bytes.length), fc.constantFrom(mebibyte - 1, mebibyte, mebibyte + 1));
    await fc.assert(
      fc.asyncProperty(position, fc.oneof(fc.nat(bytes.length), fc.nat(20)), async (offset, length) => {
        const expected = bytes.subarray(offset, offset + length);
        expect(Buffer.compare(await read(exchange, cid, { offset, length }), expected)).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  test('a tree of several levels, with bytes in its inner nodes, gives the bytes in order', async () => {
    const { bytes } = testBlock(2, 200_000);
    const exchange = new MemoryExchange();
    const { fixedSize } = await import('ipfs-unixfs-importer/chunker');
    const { balanced, trickle } = await import('ipfs-unixfs-importer/layout');
    for (const layout of [balanced({ maxChildrenPerNode: 3 }), trickle({ maxChildrenPerNode: 3 })]) {
      const all = importer([{ content: bytes }], sessionOf(exchange), {
        chunker: fixedSize({ chunkSize: 1000 }),
        layout,
        rawLeaves: false,
        cidVersion: 0,
      });
      const cid = (await collect(all)).at(-1)!.cid.toString();
      expect(cid).toMatch(/^Qm/);
      expect(Buffer.compare(await read(exchange, cid), bytes)).toBe(0);
      expect(Buffer.compare(await read(exchange, cid, { offset: 99_999, length: 50_001 }), bytes.subarray(99_999, 150_000))).toBe(0);
    }
  });

  test('asks for blocks ahead of the reader, but no more than a window of them', async () => {
    const { bytes } = testBlock(3, 40 * mebibyte);
    const exchange = new MemoryExchange();
    const cid = await putFile(exchange, bytes);
    const reader = new BlockReader(exchange);
    exchange.log.length = 0;
    const file = readFile(await openTarget(cid, reader), reader);
    await file.next();
    const askedAtFirst = exchange.log.length;
    expect(askedAtFirst).toBeGreaterThan(8);
    expect(askedAtFirst).toBeLessThan(18);
    // A reader that does not read on makes nothing more be fetched.
    await new Promise(setImmediate);
    expect(exchange.log.length).toBe(askedAtFirst);
    await file.return();
    expect(exchange.getsOpen).toBe(0);
  });

  test('a block that nobody has ends it with what is missing', async () => {
    const { bytes } = testBlock(4, 3 * mebibyte);
    const exchange = new MemoryExchange();
    const cid = await putFile(exchange, bytes);
    exchange.blocks.delete([...exchange.blocks].find(([, block]) => block.length === mebibyte)![0]);
    await expect(read(exchange, cid)).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining('is not in this network') });
  });
});

describe('a CID', () => {
  test('with its bytes inside asks nobody', async () => {
    const exchange = new MemoryExchange();
    expect(String(await read(exchange, 'bafkqac3imvwgy3zao5xxe3de'))).toBe('hello world');
    expect(exchange.log).toEqual([]);
  });

  test.each([
    ['', 'is not a CID'],
    ['hello', 'is not a CID'],
    ['bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzd1', 'is not a CID'],
    [CID.createV1(0x71, parseCid('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e').multihash).toString(), 'codec 0x71'],
    ['bafkrgqhhyivzstcz3hhswshfjgy6ertgmnqeleynhwt4dlfsthi4hn7zgh4uvlsb5xncykzapi3ocd4lzogukir6ksdy6wzrnz6ohnv4aglcs', 'hash 0x'],
  ])('%j is refused with why', async (text, message) => {
    await expect(read(new MemoryExchange(), text)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(message) });
  });
});

describe('putting', () => {
  test('keeps a bounded number of bytes on their way and sends repeated content once', async () => {
    const exchange = new MemoryExchange();
    const gates: (() => void)[] = [];
    exchange.onPut = () => new Promise((resolve) => gates.push(() => resolve(stored)));
    const session = sessionOf(exchange);
    const importing = importFile(chunks(testBlock(6, 30 * mebibyte).bytes), session);
    const open = setInterval(() => gates.shift()?.(), 0);
    const { cid } = await importing;
    const receipt = await session.finish(cid);
    clearInterval(open);
    expect(exchange.bytesOpenMax).toBeLessThanOrEqual(16 * mebibyte);
    expect(exchange.bytesOpenMax).toBeGreaterThan(8 * mebibyte);
    expect(receipt).toMatchObject({ blocks: 31, copiesMin: 3, histogram: [0, 0, 0, 31], shortfall: 'none' });

    exchange.onPut = () => stored;
    const zeros = sessionOf(exchange);
    const { cid: same } = await importFile(chunks(new Uint8Array(20 * mebibyte)), zeros);
    expect((await zeros.finish(same)).blocks).toBe(2);
  });

  test('says who holds the blocks, each disk once', async () => {
    const exchange = new MemoryExchange();
    exchange.onPut = () => ({ ...stored, holders: [...holders(2), ...holders(1)] });
    const session = sessionOf(exchange);
    const { cid } = await importFile(chunks(Buffer.from('x')), session);
    const receipt = await session.finish(cid);
    expect(receipt).toMatchObject({ blocks: 1, copiesMin: 2, histogram: [0, 0, 1] });
    expect(receipt.holders.map(({ storeId, blocks }) => [storeId, blocks])).toEqual([
      ['disk1', 1],
      ['disk2', 1],
    ]);
  });

  test('below w stores everything and then fails with the receipt and the CID', async () => {
    const exchange = new MemoryExchange();
    exchange.onPut = () => ({ outcome: 'below-w', holders: holders(1), settled: true, shortfall: 'too-few-nodes' });
    const session = sessionOf(exchange);
    const { cid } = await importFile(chunks(testBlock(7, 3 * mebibyte).bytes), session);
    await expect(session.finish(cid)).rejects.toMatchObject({
      exitCode: 5,
      cid: cid.toString(),
      receipt: { blocks: 4, copiesMin: 1, histogram: [0, 4], shortfall: 'too-few-nodes' },
    });
    expect(exchange.blocks.size).toBe(4);
  });

  test.each([
    ['full', 9],
    ['timeout', 4],
    ['not-active', 10],
    ['cancelled', 130],
  ] as const)('that is answered with %s fails with %i and does not go on', async (outcome, exitCode) => {
    const exchange = new MemoryExchange();
    let puts = 0;
    exchange.onPut = () => {
      puts++;
      return { outcome, holders: [], settled: true, shortfall: 'none' };
    };
    const session = sessionOf(exchange);
    const put = importFile(chunks(testBlock(8, 30 * mebibyte).bytes), session).then(({ cid }) => session.finish(cid));
    await expect(put).rejects.toMatchObject({ exitCode });
    expect(puts).toBeLessThan(30);
  });

  test('fails with the error of its source', async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('x');
      throw new Error('the file vanished');
    }
    await expect(importFile(source(), sessionOf(new MemoryExchange()))).rejects.toThrow('the file vanished');
  });
});
