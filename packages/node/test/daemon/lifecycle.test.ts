import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { SeededRandom } from '@dht/overlay';
import { Core, type CoreOutput, parseJournalEntry, parseJournalHeader } from '@dht/storage';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ApiClient } from '../../src/api/api-client.ts';
import type { Settings } from '../../src/config/config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { startDaemon } from '../../src/daemon.ts';
import { collect } from '../support/collect.ts';
import { start, startNetwork, startOnly, type TestDaemon } from '../support/daemons.ts';
import { temporaryDirectory } from '../support/directory.ts';

// Several daemons with their disks, on whatever else this machine does.
vi.setConfig({ testTimeout: 60_000 });

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('a daemon on an empty path', () => {
  test('founds a network, serves its API and is gone after stop', async () => {
    const { daemon, client, path } = await start();
    expect(await daemon.active).toBe('created');
    expect(await client.status()).toMatchObject({ status: 'active', estimatedNodes: 1, replicas: 3, writeQuorum: 2, incarnation: 1, path });
    expect(await client.id()).toEqual(daemon.identity);
    await client.stop();
    await daemon.ended;
    await expect(client.status()).rejects.toMatchObject({ exitCode: 7 });
    expect(await readdir(path)).not.toContain('api.json');
  });

  test('is refused while another one runs there', async () => {
    const { path } = await start();
    await expect(startOnly({ path })).rejects.toMatchObject({ exitCode: 8, message: expect.stringContaining(String(process.pid)) });
  });

  test('that cannot be written is refused and holds no lock', async () => {
    const file = join(await temporaryDirectory(), 'file');
    await writeFile(file, '');
    await expect(startOnly({ path: file })).rejects.toMatchObject({ exitCode: 1 });
  });

  test('as a client is refused: there is nothing to be a client of', async () => {
    await expect(startOnly({ settings: { client: true } })).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('a taken port', () => {
  test('that somebody chose is an error, and the path can be used again', async () => {
    const path = join(await temporaryDirectory(), 'node');
    const listen = `/ip4/127.0.0.1/tcp/${await takenPort()}`;
    await expect(startOnly({ path, settings: { listen } })).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/in use|taken/),
    });
    await start({ path });
  });

  test('that nobody chose is replaced by a free one, and the user is told', async () => {
    const port = await takenPort();
    const settings = { listen: `/ip4/127.0.0.1/tcp/${port}`, apiPort: 0, logLevel: 'error' };
    const config = { ...resolveConfig({ path: await temporaryDirectory(), ...settings }, {}), listenChosen: false };
    const daemon = await startDaemon({ config });
    onTestFinished(() => daemon.stop());
    expect(daemon.multiaddrs()[0]).not.toContain(`/tcp/${port}/`);
    expect(daemon.notices).toEqual([expect.stringMatching(`Port ${port} is taken: listening on port \\d+ instead`)]);
  });

  test('of the API is an error', async () => {
    await expect(startOnly({ settings: { apiPort: await takenPort() } })).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/is taken/),
    });
  });
});

describe('a daemon that starts again', () => {
  test('has its id, network, disk and blocks, and a higher incarnation', async () => {
    const before = await start();
    const { id, networkId, storeId } = await before.client.id();
    await before.client
      .putFile(
        (async function* () {
          yield Buffer.from('kept');
        })(),
      )
      .catch(() => {});
    await before.daemon.stop();
    const after = await startOnly({ path: before.path });
    expect(await after.client.status()).toMatchObject({ id, networkId, storeId, incarnation: 2, blocks: 1 });
  });

  test('rejoins through remembered contacts, at another address, when the one it joined through is gone', async () => {
    const [first, second, third] = await startNetwork(3);
    const { id } = third!.daemon.identity;
    await third!.daemon.stop();
    await first.daemon.stop();
    const back = await start({ path: third!.path });
    expect(back.daemon.identity.id).toBe(id);
    expect(await back.daemon.active).toBe('joined');
    expect((await second!.client.leafSet()).clockwise.map((leaf) => leaf.id)).toContain(id);
  });
});

test('a whole network that starts again becomes one ring with all its files, without its founder', async () => {
  const protocol = { overlay: { coldStartMs: 1000, mergeMs: 1000 } };
  const nodes = await startNetwork(4, { protocol });
  const { cid } = await nodes[1]!.client.putFile(
    (async function* () {
      yield Buffer.alloc(40_000, 'x');
    })(),
  );
  await Promise.all(nodes.map(({ daemon }) => daemon.stop()));
  // At their old addresses: if all had new ones, nobody could find anybody.
  const settingsOf = ({ address }: TestDaemon): Settings => ({ listen: address.replace(/\/p2p\/.*/, '') });
  const again = await Promise.all(nodes.slice(1).map((node) => start({ path: node.path, settings: settingsOf(node), protocol })));
  const activations = await Promise.all(again.map(({ daemon }) => daemon.active));
  expect(activations).toContain('seeded');
  for (const { client } of again) {
    // On a slow machine two may seed; their rings then merge.
    await expect.poll(async () => (await client.status()).estimatedNodes, { timeout: 30_000 }).toBe(3);
    expect(Buffer.concat(await collect((await client.get(cid)).body))).toEqual(Buffer.alloc(40_000, 'x'));
  }
});

describe('joining', () => {
  test('works through any of several addresses, with and without peer id', async () => {
    const first = await start();
    const join = ['/ip4/127.0.0.1/tcp/1', first.address.replace(/\/p2p\/.*/, '')];
    const second = await start({ join });
    expect(await second.daemon.active).toBe('joined');
    expect(second.daemon.identity.networkId).toBe(first.daemon.identity.networkId);
  });

  test.each([
    ['/ip4/127.0.0.1/tcp/1', 10, /nobody listens/],
    ['nonsense', 2, /nonsense/],
  ])('through %s fails with %i and why', async (address, exitCode, message) => {
    const { daemon } = await startOnly({ join: [address] });
    await expect(daemon.active).rejects.toMatchObject({ exitCode, message: expect.stringMatching(message) });
  });

  test('through an address where another peer answers fails and says so', async () => {
    const [first, second] = await startNetwork(2);
    const wrong = `${first.address.replace(/\/p2p\/.*/, '')}/p2p/${second!.daemon.identity.peerId}`;
    const { daemon } = await startOnly({ join: [wrong] });
    await expect(daemon.active).rejects.toMatchObject({ exitCode: 10, message: expect.stringMatching(/is peer \S+, not/) });
  });

  test('a running daemon can be told to, also after it failed; but not to join another network', async () => {
    const first = await start();
    const late = await startOnly({ join: ['/ip4/127.0.0.1/tcp/1'] });
    await expect(late.daemon.active).rejects.toMatchObject({ exitCode: 10 });
    expect((await late.client.status()).status).toBe('offline');
    expect(await late.client.join([first.address])).toMatchObject({ networkId: first.daemon.identity.networkId });
    expect((await late.client.status()).status).toBe('active');
    const stranger = await start();
    await expect(late.client.join([stranger.address])).rejects.toMatchObject({
      exitCode: 8,
      message: expect.stringMatching(/belongs to network/),
    });
  });

  test('as a client gives access without becoming a member', async () => {
    const [first] = await startNetwork(3);
    const client = await start({ join: [first.address], settings: { client: true } });
    expect(await client.daemon.active).toBe('attached');
    const { cid } = await client.client.putFile(
      (async function* () {
        yield Buffer.from('from a client');
      })(),
    );
    expect(Buffer.concat(await collect((await first.client.get(cid)).body)).toString()).toBe('from a client');
    const { clockwise, counterClockwise } = await first.client.leafSet();
    expect([...clockwise, ...counterClockwise].map(({ id }) => id)).not.toContain(client.daemon.identity.id);
  });
});

test('leaving hands everything over, tells the progress, and ends the daemon', async () => {
  const [first, second, third, fourth] = await startNetwork(4);
  const put = await first.client.putFile(
    (async function* () {
      yield Buffer.alloc(50_000, 'x');
    })(),
  );
  const outcome = await third!.client.leave({ timeoutMs: 20_000 });
  expect(outcome).toMatchObject({ outcome: 'handed-over' });
  await third!.daemon.ended;
  for (const { client } of [first, second!, fourth!]) {
    const summary = await whereSummary(client, put.cid);
    expect(summary).toMatchObject({ blocks: 1, copiesMin: 3 });
  }
});

async function whereSummary(client: ApiClient, cid: string): Promise<unknown> {
  const blocks = client.where(cid);
  for (let next = await blocks.next(); ; next = await blocks.next()) if (next.done) return next.value;
}

test('a journal begins with what the core was given and holds every step of it', async () => {
  const journal = join(await temporaryDirectory(), 'journal');
  const first = await start({ settings: { journal } });
  await start({ join: [first.address] });
  await first.daemon.stop();
  const [head = '', ...lines] = (await readFile(journal, 'utf8')).trimEnd().split('\n');
  const { seed, storeId, config, storage, self, previouslyActive, remembered } = parseJournalHeader(head);
  expect([self.id.hex, storeId]).toEqual([first.daemon.identity.id, first.daemon.identity.storeId]);
  const core = new Core({ self, config, storage, storeId, previouslyActive, remembered, random: new SeededRandom(seed) });
  const replayed: CoreOutput[] = [];
  const recorded: CoreOutput[] = [];
  for (const { input, now, outputs } of lines.map(parseJournalEntry)) {
    replayed.push(...core.step(input, now));
    recorded.push(...outputs);
  }
  expect(replayed.map(({ type }) => type)).toEqual(recorded.map(({ type }) => type));
  expect(recorded.filter(({ type }) => type === 'send').length).toBeGreaterThan(3);
});
