import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryBlockstore } from 'blockstore-core';
import { importer } from 'ipfs-unixfs-importer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { payload } from '../scripts/lib/payload.ts';
import type { Peer } from '../scripts/lib/peer.ts';
import { Testbed } from './support/testbed.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
/** r, as networks are founded. */
const replicas = 3;

let testbed: Testbed;
let nodes: readonly Peer[];
let [alice, bob, carol, dave]: Peer[] = [];
beforeAll(async () => {
  testbed = await Testbed.open();
  nodes = await testbed.network(4);
  [alice, bob, carol, dave] = nodes as Peer[];
});
afterAll(() => testbed?.close());

/** What Kubo, Helia and everyone else with this profile would call it. */
async function cidOf(files: readonly { readonly path: string; readonly content: Uint8Array }[]): Promise<string> {
  let root = '';
  const wrapped = files.length > 1;
  for await (const entry of importer(files, new MemoryBlockstore(), { profile: 'unixfs-v1-2025', wrapWithDirectory: wrapped }))
    root = entry.cid.toString();
  return root;
}

async function put(node: Peer | undefined, path: string): Promise<string> {
  const { code, stdout, stderr } = await testbed.dht(node as Peer, ['put', path]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stdout.trim();
}

describe('a file', () => {
  test.each([
    ['empty', 0],
    ['small', 10 * kibibyte],
    ['of exactly one block', mebibyte],
    ['of many blocks', 5 * mebibyte + 17],
  ])('that is %s has its usual CID and comes back from every node', async (name, size) => {
    const folder = testbed.folder();
    const content = payload(name, size);
    writeFileSync(join(folder, 'in'), content);
    const cid = await put(alice, join(folder, 'in'));
    expect(cid).toBe(await cidOf([{ path: 'in', content }]));
    const outs = nodes.map((node) => join(folder, `out-${node.number}`));
    const results = await Promise.all(nodes.map((node, index) => testbed.dht(node, ['get', cid, '-o', outs[index] ?? ''])));
    for (const result of results) expect(result).toMatchObject({ code: 0, stdout: '' });
    for (const out of outs) expect(readFileSync(out).equals(content)).toBe(true);
  });

  test('from standard input has the same CID as from a disk', async () => {
    const content = payload('stdin', 3 * mebibyte);
    const { code, stdout } = await testbed.dht(bob as Peer, ['put', '-'], { stdin: content });
    expect(code).toBe(0);
    expect(stdout.trim()).toBe(await cidOf([{ path: 'in', content }]));
    const { bytes } = await testbed.dht(carol as Peer, ['cat', stdout.trim()]);
    expect(bytes.equals(content)).toBe(true);
  });

  test('gives any range of it', async () => {
    const content = payload('ranges', 2 * mebibyte + 100);
    const cid = (await testbed.dht(alice as Peer, ['put', '-'], { stdin: content })).stdout.trim();
    for (const [offset, length] of [
      [0, 10],
      [mebibyte - 5, 10],
      [2 * mebibyte + 90, 100],
    ] as const) {
      const { code, bytes } = await testbed.dht(dave as Peer, ['cat', cid, '--offset', String(offset), '--length', String(length)]);
      expect(code).toBe(0);
      expect(bytes.equals(content.subarray(offset, offset + length))).toBe(true);
    }
    const rest = await testbed.dht(dave as Peer, ['cat', cid, '--offset', '2MiB']);
    expect(rest.bytes.equals(content.subarray(2 * mebibyte))).toBe(true);
  });

  test('has a receipt of who holds it, and the holders say the same', async () => {
    const { stdout } = await testbed.dht(alice as Peer, ['put', '--json', '-'], { stdin: payload('receipt', 3 * mebibyte) });
    const { cid, receipt } = JSON.parse(stdout);
    expect(receipt).toMatchObject({ blocks: 4, replicas: 3, writeQuorum: 2 });
    expect(receipt.copiesMin).toBeGreaterThanOrEqual(2);
    const where = await testbed.dht(dave as Peer, ['where', '--json', cid]);
    const lines = where.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.at(-1)).toMatchObject({ type: 'done', blocks: 4, copiesMin: 3, replicas: 3 });
    const ids = nodes.map((node) => node.id);
    for (const block of lines.slice(0, -1)) for (const holder of block.replicaSet) expect(ids).toContain(holder.id);
  });

  test('that is put twice is stored once', async () => {
    const content = payload('twice', mebibyte);
    const first = await testbed.dht(alice as Peer, ['put', '-'], { stdin: content });
    const before = await Promise.all(nodes.map(async (node) => (await (await node.client()).status()).blocks));
    const second = await testbed.dht(bob as Peer, ['put', '-'], { stdin: content });
    expect(second.stdout).toBe(first.stdout);
    expect(await Promise.all(nodes.map(async (node) => (await (await node.client()).status()).blocks))).toEqual(before);
  });
});

describe('a folder', () => {
  const contents = new Map([
    ['.hidden', payload('hidden', 10)],
    ['readme.txt', payload('readme', 2000)],
    ['photos/a b.jpg', payload('a', mebibyte + 1)],
    ['photos/写真/ö.jpg', payload('ö', 5)],
    ['photos/empty file', new Uint8Array(0)],
  ]);
  let cid: string;

  beforeAll(async () => {
    const folder = join(testbed.folder(), 'holiday');
    mkdirSync(join(folder, 'photos', '写真'), { recursive: true });
    for (const [name, content] of contents) writeFileSync(join(folder, name), content);
    cid = await put(alice, folder);
  });

  test('has its usual CID', async () => {
    expect(cid).toBe(await cidOf([...contents].map(([path, content]) => ({ path, content }))));
  });

  test('comes back whole from another node', async () => {
    const out = join(testbed.folder(), 'out');
    expect(await testbed.dht(carol as Peer, ['get', cid, '-o', out])).toMatchObject({ code: 0 });
    const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files).toHaveLength(contents.size);
    for (const [name, content] of contents) expect(readFileSync(join(out, name)).equals(content)).toBe(true);
  });

  test('can be listed, and parts of it fetched by path', async () => {
    const listing = await testbed.dht(bob as Peer, ['ls', '-r', cid]);
    expect(listing.stdout.trimEnd().split('\n').sort()).toEqual([...contents.keys(), 'photos/', 'photos/写真/'].sort());
    const { bytes } = await testbed.dht(bob as Peer, ['cat', `${cid}/photos/a b.jpg`]);
    expect(bytes.equals(contents.get('photos/a b.jpg') as Uint8Array)).toBe(true);
    const out = testbed.folder();
    expect(await testbed.dht(dave as Peer, ['get', `${cid}/photos`], { cwd: out })).toMatchObject({ code: 0 });
    expect(readdirSync(join(out, 'photos')).sort()).toEqual(['a b.jpg', 'empty file', '写真']);
  });

  test('that is empty is a folder too', async () => {
    const empty = await put(alice, testbed.folder());
    const out = join(testbed.folder(), 'out');
    expect(await testbed.dht(bob as Peer, ['get', empty, '-o', out])).toMatchObject({ code: 0 });
    expect(readdirSync(out)).toEqual([]);
  });

  test('printed as a file, or a path in it that is not there, is an error that says so', async () => {
    expect(await testbed.dht(bob as Peer, ['cat', cid])).toMatchObject({ code: 2, stderr: expect.stringContaining('is a folder') });
    expect(await testbed.dht(bob as Peer, ['get', `${cid}/photos/c.jpg`])).toMatchObject({ code: 3 });
    expect(await testbed.dht(bob as Peer, ['ls', `${cid}/nowhere`])).toMatchObject({ code: 3 });
  });
});

describe('every node', () => {
  test('finds the same root for a key, recursively and iteratively, and it is the closest node', async () => {
    const key = '7'.repeat(64);
    const distance = (id: string): bigint => {
      const away = BigInt.asUintN(256, BigInt(`0x${id}`) - BigInt(`0x${key}`));
      return away < 2n ** 255n ? away : 2n ** 256n - away;
    };
    const closestFirst = nodes.map((node) => node.id).sort((a, b) => (distance(a) < distance(b) ? -1 : 1));
    const questions = nodes.flatMap((node) => ['--recursive', '--iterative'].map((mode) => ({ node, mode })));
    await Promise.all(
      questions.map(async ({ node, mode }) => {
        const { code, stdout } = await testbed.dht(node, ['lookup', '--json', mode, key]);
        expect(code).toBe(0);
        const reply = JSON.parse(stdout);
        expect(reply.root.id).toBe(closestFirst[0]);
        expect(reply.replicaSet.map((member: { id: string }) => member.id)).toEqual(closestFirst.slice(0, replicas));
      }),
    );
  });

  test('shows what it is and knows', async () => {
    const id = JSON.parse((await testbed.dht(bob as Peer, ['id', '--json'])).stdout);
    const status = JSON.parse((await testbed.dht(bob as Peer, ['status', '--json'])).stdout);
    expect(status).toMatchObject({ id: id.id, peerId: id.peerId, networkId: id.networkId, status: 'active', replicas: 3, writeQuorum: 2 });
    const leafSet = JSON.parse((await testbed.dht(bob as Peer, ['leafset', '--json'])).stdout);
    const others = nodes.filter((node) => node !== bob).map((node) => node.id);
    expect([...new Set([...leafSet.clockwise, ...leafSet.counterClockwise].map((leaf) => leaf.id))].sort()).toEqual(others.sort());
    const peers = JSON.parse((await testbed.dht(bob as Peer, ['peers', '--json'])).stdout);
    expect(peers.map((peer: { id: string }) => peer.id).sort()).toEqual(others);
    for (const command of ['id', 'status', 'leafset', 'peers', 'routes']) {
      expect(await testbed.dht(bob as Peer, [command])).toMatchObject({ code: 0, stderr: '' });
    }
  });
});

describe('a name that means nothing', () => {
  test.each([
    ['get', 'not-a-cid'],
    ['cat', 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzd'],
    ['ls', ''],
    ['where', '../../etc/passwd'],
    ['lookup', 'xyz'],
  ])('dht %s %j is wrong usage', async (command, name) => {
    const { code, stdout, stderr } = await testbed.dht(alice as Peer, [command, name], { cwd: testbed.folder() });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/\n {2}\S/);
  });

  test.each([['get'], ['cat'], ['ls']])('dht %s of a CID that nobody holds is not found', async (command) => {
    const unknown = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
    const { code, stderr } = await testbed.dht(alice as Peer, [command, unknown], { cwd: testbed.folder() });
    expect(code).toBe(3);
    expect(stderr).toContain(unknown);
  });
});
