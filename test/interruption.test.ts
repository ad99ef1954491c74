import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { payload } from '../scripts/lib/payload.ts';
import type { Peer } from '../scripts/lib/peer.ts';
import { address, Testbed, until } from './support/testbed.ts';

const mebibyte = 2 ** 20;

let testbed: Testbed;
beforeEach(async () => {
  testbed = await Testbed.open();
});
afterEach(() => testbed.close());

async function blocksOf(peer: Peer): Promise<number> {
  return (await (await peer.client()).status()).blocks;
}

async function cidOf(content: Uint8Array): Promise<string> {
  const { importer } = await import('ipfs-unixfs-importer');
  const { MemoryBlockstore } = await import('blockstore-core');
  let cid = '';
  for await (const entry of importer([{ content }], new MemoryBlockstore(), { profile: 'unixfs-v1-2025' })) cid = entry.cid.toString();
  return cid;
}

/** Content of `size` bytes whose root block and first chunk, which is the same for a small one, have the root `root`. */
async function contentFor(root: Peer, asked: Peer, size: number): Promise<Uint8Array> {
  const client = await asked.client();
  for (let number = 0; number < 200; number++) {
    const content = payload(`candidate ${number}`, size);
    const cids = [await cidOf(content), await cidOf(content.subarray(0, mebibyte))];
    const replies = await Promise.all(cids.map((cid) => client.lookup(cid, 'recursive')));
    if (replies.every((reply) => reply.root.id === root.id)) return content;
  }
  throw new Error('no content among 200 has this root');
}

test('the coordinator dies between its write and the acknowledgement: the put succeeds through the others', async () => {
  const members = await testbed.network(3);
  const [coordinator, ...others] = members as [Peer, ...Peer[]];
  const client = await testbed.join(members, { DHT_CLIENT: 'true' });
  const content = await contentFor(coordinator, client, 1000);
  // With the other replicas stopped, the coordinator has its copy on disk but cannot have w.
  for (const other of others) other.process?.pause();
  const put = testbed.command(client, ['put', '-'], { stdin: content });
  await until('copy at the coordinator', async () => ((await blocksOf(coordinator)) > 0 ? undefined : 'none'));
  coordinator.kill();
  for (const other of others) other.process?.resume();
  const { code, stdout, stderr } = await put.ended;
  expect({ code, stderr }).toMatchObject({ code: 0 });
  for (const other of others) {
    const { bytes } = await testbed.dht(other, ['cat', stdout.trim()]);
    expect(bytes.equals(content)).toBe(true);
  }
  await testbed.start(coordinator);
  await testbed.untilRing(members);
  expect((await testbed.dht(coordinator, ['cat', stdout.trim()])).bytes.equals(content)).toBe(true);
});

test('the node that puts dies in the middle: nothing was acknowledged, and the put can be repeated elsewhere', async () => {
  const nodes = await testbed.network(4);
  const [putter, other, third] = nodes as [Peer, Peer, Peer, Peer];
  const file = join(testbed.folder(), 'file');
  const content = payload('interrupted', 16 * mebibyte);
  writeFileSync(file, content);
  // Of the same content, but from a pipe that does not end: the put is under way however fast it is.
  const put = testbed.command(putter, ['put', '-']);
  put.child.stdin?.write(content);
  await until('block elsewhere', async () => ((await blocksOf(other)) > 0 ? undefined : 'none'));
  putter.kill();
  expect(await put.ended).toMatchObject({ code: 7, stdout: '' });
  const again = await testbed.dht(other, ['put', file]);
  expect(again).toMatchObject({ code: 0 });
  expect((await testbed.dht(third, ['cat', again.stdout.trim()])).bytes.equals(content)).toBe(true);
});

test('Ctrl-C during a put is code 130, and the daemon goes on', async () => {
  const node = await testbed.found({ DHT_REPLICAS: '1', DHT_WRITE_QUORUM: '1' });
  const put = testbed.command(node, ['put', '-']);
  put.child.stdin?.write(payload('endless', 8 * mebibyte));
  await until('block', async () => ((await blocksOf(node)) > 0 ? undefined : 'none'));
  put.child.kill('SIGINT');
  expect(await put.ended).toMatchObject({ code: 130, stdout: '' });
  expect(await testbed.dht(node, ['put', '-'], { stdin: 'after' })).toMatchObject({ code: 0 });
});

test('a get that is interrupted leaves no file under the final name, and the next one goes on where it ended', async () => {
  const [first, second] = (await testbed.network(2, { DHT_REPLICAS: '1', DHT_WRITE_QUORUM: '1' })) as [Peer, Peer];
  const content = await contentFor(first, first, 16 * mebibyte);
  const cid = (await testbed.dht(first, ['put', '-'], { stdin: content })).stdout.trim();
  const folder = testbed.folder();
  const out = join(folder, 'out');
  const partial = join(folder, `.out.${cid}.part`);
  // The get comes as far as the first chunk that only the other has.
  second.process?.pause();
  const get = testbed.command(first, ['get', cid, '-o', out]);
  await until('first bytes', async () => (existsSync(partial) && statSync(partial).size > 0 ? undefined : 'none'));
  get.child.kill('SIGINT');
  expect(await get.ended).toMatchObject({ code: 130 });
  second.process?.resume();
  expect(readdirSync(folder)).toEqual([`.out.${cid}.part`]);
  expect(statSync(partial).size).toBeLessThan(content.length);
  expect(await testbed.dht(first, ['get', cid, '-o', out])).toMatchObject({ code: 0 });
  expect(readFileSync(out).equals(content)).toBe(true);
  expect(readdirSync(folder)).toEqual(['out']);
});

test('a full disk refuses with code 9 while the content still flows, keeps nothing of it, and the daemon lives', async () => {
  const node = await testbed.found({ DHT_REPLICAS: '1', DHT_WRITE_QUORUM: '1', DHT_RESERVE_MIB: '1000000000' });
  const content = payload('full', 32 * mebibyte);
  const folder = testbed.folder();
  writeFileSync(join(folder, 'file'), content);
  for (const result of [
    await testbed.dht(node, ['put', '-'], { stdin: content }),
    await testbed.dht(node, ['put', join(folder, 'file')]),
    await testbed.dht(node, ['put', folder]),
  ]) {
    expect(result).toMatchObject({ code: 9, stdout: '', stderr: expect.stringContaining('room') });
  }
  expect(await blocksOf(node)).toBe(0);
  expect(await testbed.dht(node, ['status'])).toMatchObject({ code: 0 });
});

test('full nodes are passed over while others have room', async () => {
  const first = await testbed.found();
  const full = await testbed.join([first], { DHT_RESERVE_MIB: '1000000000' });
  const nodes = [first, full, await testbed.join([first]), await testbed.join([first])];
  await testbed.untilRing(nodes);
  const { code, stdout, stderr } = await testbed.dht(full, ['put', '-'], { stdin: payload('some room', 5 * mebibyte) });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(await blocksOf(full)).toBe(0);
  expect((await testbed.dht(full, ['cat', stdout.trim()])).bytes).toHaveLength(5 * mebibyte);
});

test('a network smaller than w says so with code 5 and the CID, and keeps what it has', async () => {
  const only = await testbed.found();
  const { code, stdout, stderr } = await testbed.dht(only, ['put', '-'], { stdin: 'lonely' });
  expect(code).toBe(5);
  expect(stderr).toMatch(/too few|smaller|fewer/);
  expect((await testbed.dht(only, ['cat', stdout.trim()])).stdout).toBe('lonely');
  const second = await testbed.join([address(only)]);
  expect((await testbed.dht(second, ['cat', stdout.trim()])).stdout).toBe('lonely');
  expect(await testbed.dht(second, ['put', '-'], { stdin: 'lonely' })).toMatchObject({ code: 0, stdout });
});

test('a file that changes while it is put is an error, and no CID is printed', async () => {
  const node = await testbed.found({ DHT_REPLICAS: '1', DHT_WRITE_QUORUM: '1' });
  const file = join(testbed.folder(), 'log');
  writeFileSync(file, payload('changing', 64 * mebibyte));
  const put = testbed.command(node, ['put', file]);
  await until('block', async () => ((await blocksOf(node)) > 0 ? undefined : 'none'));
  writeFileSync(file, 'something else');
  expect(await put.ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('changed') });
});
