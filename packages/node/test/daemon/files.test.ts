import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pack } from 'it-tar';
import { describe, expect, test, vi } from 'vitest';
import type { WhereBlock } from '../../src/api/contract.ts';
import { testBlock } from '../support/blocks.ts';
import { collect } from '../support/collect.ts';
import { start, startNetwork, type TestDaemon } from '../support/daemons.ts';

// Several daemons with their disks, on whatever else this machine does.
vi.setConfig({ testTimeout: 60_000 });

const mebibyte = 1024 * 1024;

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += 65_536) yield bytes.subarray(offset, offset + 65_536);
}

async function read({ client }: TestDaemon, target: string, options: { offset?: number; length?: number } = {}): Promise<Buffer> {
  return Buffer.concat(await collect((await client.get(target, options)).body));
}

describe('a file put on one node', () => {
  test('is the same on every other one, whole and in ranges, and its receipt shows r copies', async () => {
    const nodes = await startNetwork(4);
    const { bytes } = testBlock(1, 5 * mebibyte + 3);
    const progress: number[] = [];
    const put = await nodes[0].client.putFile(chunks(bytes), { size: bytes.length, onProgress: (at) => progress.push(at.blocks) });
    expect(put).toMatchObject({ type: 'done', size: bytes.length, receipt: { blocks: 7, copiesMin: 3, replicas: 3, writeQuorum: 2 } });
    for (const node of nodes) expect(Buffer.compare(await read(node, put.cid), bytes)).toBe(0);
    const part = { offset: mebibyte - 2, length: 5 };
    expect(await read(nodes[3]!, put.cid, part)).toEqual(Buffer.from(bytes.subarray(mebibyte - 2, mebibyte + 3)));
    expect(await read(nodes[3]!, put.cid, { offset: bytes.length - 4 })).toEqual(Buffer.from(bytes.subarray(-4)));
    expect(await read(nodes[3]!, put.cid, { offset: 3, length: 0 })).toEqual(Buffer.alloc(0));
    await expect(read(nodes[3]!, put.cid, { offset: bytes.length })).rejects.toMatchObject({ exitCode: 2 });
  });

  test('says of each block who holds it, and that is true', async () => {
    const nodes = await startNetwork(4);
    const { cid } = await nodes[0].client.putFile(chunks(testBlock(2, 2 * mebibyte).bytes));
    const blocks: WhereBlock[] = await collect(nodes[1]!.client.where(cid));
    expect(blocks).toHaveLength(3);
    for (const block of blocks) expect(block.replicaSet.filter(({ state }) => state === 'holds')).toHaveLength(3);
    const held = await Promise.all(nodes.map(({ client }) => client.status().then((status) => status.blocks)));
    // A member of a replica set that was still syncing got its copy beside those that count.
    const said = blocks.map(({ replicaSet, others }) => replicaSet.filter(({ state }) => state === 'holds').length + others.length);
    expect(held.reduce((sum, count) => sum + count, 0)).toBe(said.reduce((sum, count) => sum + count, 0));
    const key = blocks[0]!.key;
    for (const mode of ['recursive', 'iterative'] as const) {
      const found = await nodes[1]!.client.lookup(key, mode);
      expect(found.root.id).toBe(blocks[0]!.replicaSet[0]!.id);
      expect((await nodes[2]!.client.lookup(cid, mode)).root.id).toBe(found.root.id);
    }
  });

  test('below w is stored where it can be, and fails with the receipt', async () => {
    const alone = await start();
    const put = alone.client.putFile(chunks(Buffer.from('alone')));
    await expect(put).rejects.toMatchObject({
      exitCode: 5,
      cid: expect.stringMatching(/^bafkrei/),
      receipt: { blocks: 1, copiesMin: 1, shortfall: 'too-few-nodes' },
    });
    expect((await alone.client.status()).blocks).toBe(1);
  });
});

describe('disks', () => {
  test('without room refuse a put as full, keep nothing of it, and the daemons go on', async () => {
    const nodes = await startNetwork(3, { settings: { reserveMiB: 1e9 } });
    const put = nodes[0].client.putFile(chunks(testBlock(4, 3 * mebibyte).bytes));
    await expect(put).rejects.toMatchObject({ exitCode: 9, message: expect.stringContaining('no room') });
    for (const { client } of nodes) expect(await client.status()).toMatchObject({ status: 'active', blocks: 0, bytes: 0 });
  });

  test('that spoil blocks do not spoil files: the bytes come from elsewhere', async () => {
    const nodes = await startNetwork(3);
    const { bytes } = testBlock(5, 2 * mebibyte);
    const { cid } = await nodes[0].client.putFile(chunks(bytes));
    const directory = join(nodes[0].path, 'store', 'blocks');
    const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    expect(files).toHaveLength(2);
    for (const { parentPath, name } of files) await writeFile(join(parentPath, name), Buffer.alloc(mebibyte, 'spoilt'));
    expect(Buffer.compare(await read(nodes[0], cid), bytes)).toBe(0);
  });
});

describe('a folder', () => {
  test('put as a tar stream is listed and read by path on another node', async () => {
    const nodes = await startNetwork(3);
    const tar = pack()([
      { header: { name: 'a b.txt' }, body: 'first' },
      { header: { name: 'sub/ü#?.txt' }, body: 'second' },
    ]);
    const { cid, size, receipt } = await nodes[0].client.putFolder(tar as AsyncIterable<Uint8Array>);
    expect([size, receipt.copiesMin]).toEqual([11, 3]);
    const entries = await collect(nodes[2]!.client.ls(cid, { recursive: true }));
    expect(entries.map(({ path, kind, size }) => [path, kind, size])).toEqual([
      ['a b.txt', 'file', 5],
      ['sub', 'directory', undefined],
      ['sub/ü#?.txt', 'file', 6],
    ]);
    expect(String(await read(nodes[2]!, `${cid}/sub/ü#?.txt`))).toBe('second');
    await expect(read(nodes[2]!, cid)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('is a folder') });
    await expect(read(nodes[2]!, `${cid}/sub/nothing`)).rejects.toMatchObject({ exitCode: 3 });
  });
});

describe('a put that breaks off', () => {
  test('because its source fails says why, and the daemon goes on', async () => {
    const nodes = await startNetwork(3);
    async function* vanishing(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(3 * mebibyte);
      throw new Error('the file vanished');
    }
    await expect(nodes[0].client.putFile(vanishing())).rejects.toThrow('the file vanished');
    expect((await nodes[0].client.status()).status).toBe('active');
  });

  test('because its client goes away gives up what is under way', async () => {
    const nodes = await startNetwork(3);
    const leaving = new AbortController();
    const stalled = Promise.withResolvers<void>();
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(3 * mebibyte);
      stalled.resolve();
      await once(leaving.signal, 'abort');
    }
    const put = nodes[0].client.putFile(endless(), { signal: leaving.signal });
    await stalled.promise;
    leaving.abort();
    await expect(put).rejects.toMatchObject({ exitCode: 130 });
    await nodes[0].daemon.stop();
  });
});

test('a file survives the nodes that stop, also the first one', async () => {
  const nodes = await startNetwork(5);
  const { bytes } = testBlock(3, 2 * mebibyte);
  const { cid } = await nodes[0].client.putFile(chunks(bytes));
  await nodes[0].daemon.stop();
  await nodes[1]!.daemon.stop();
  for (const node of nodes.slice(2)) expect(Buffer.compare(await read(node, cid), bytes)).toBe(0);
});
