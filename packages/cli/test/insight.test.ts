import type { ContactReply, LeafReply, LeafSetReply, LookupReply, PeerReply, RoutesReply, StatusReply, WhereBlock } from '@dht/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dht, type Result } from './support/command.ts';
import { type FakeDaemon, fakeDaemon, json, lines, type Routes } from './support/fake-daemon.ts';

const cid = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi';
const hex = (head: string): string => head.padEnd(64, '0');

function contact(head: string): ContactReply {
  const peerId = `12D3KooW${head.padEnd(44, 'x')}`;
  return { id: hex(head), peerId, incarnation: 1, role: 'full', multiaddrs: [`/ip4/192.168.178.101/tcp/40001/p2p/${peerId}`] };
}

const status: StatusReply = {
  ...contact('a1b2c3d4'),
  networkId: hex('9f8e7d6c'),
  storeId: 'store',
  version: '0.0.0',
  status: 'active',
  path: '/home/alice/.local/share/dht',
  uptimeMs: 11_520_000,
  replicas: 3,
  writeQuorum: 2,
  estimatedNodes: 50,
  connections: 12,
  connectionsOpened: 40,
  messagesSent: 1000,
  leafSetSize: 32,
  routingTableSize: 18,
  arc: { from: hex('a0'), to: hex('b0'), synced: true },
  blocks: 12_345,
  bytes: 1_234_567_890,
  repairBytes: 1_048_576,
  rssBytes: 88_000_000,
  cpuSeconds: 12.3,
};
const peers: readonly PeerReply[] = [
  { ...contact('f0'), direction: 'in', inLeafSet: false },
  { ...contact('b2'), rttMs: 1.24, direction: 'out', inLeafSet: true },
];
const leaf = (head: string): LeafReply => ({ ...contact(head), status: 'active', connected: true, suspected: false, rttMs: 0.8 });
const leafSet: LeafSetReply = {
  id: hex('a1b2c3d4'),
  clockwise: [leaf('b2'), { ...leaf('f0'), suspected: true }],
  counterClockwise: [leaf('90'), leaf('f0')],
};
const routes: RoutesReply = {
  id: hex('a1b2c3d4'),
  rows: [
    {
      row: 0,
      column: 15,
      contacts: [
        { ...contact('f0'), rttMs: 2, connected: true },
        { ...contact('f1'), connected: false },
      ],
    },
  ],
};
const lookup: LookupReply = {
  key: hex('80'),
  mode: 'recursive',
  root: contact('81'),
  replicaSet: [contact('81'), contact('7e')],
  path: [{ id: hex('a1b2c3d4') }, { id: hex('81'), rttMs: 1.5 }],
  elapsedMs: 2.1,
};
const block: WhereBlock = {
  type: 'block',
  cid,
  key: hex('80'),
  size: 1_048_576,
  replicaSet: [
    { id: hex('81'), multiaddrs: [], state: 'holds', synced: true, storeId: 's1' },
    { id: hex('7e'), multiaddrs: [], state: 'holds', synced: false, storeId: 's2' },
    { id: hex('90'), multiaddrs: [], state: 'silent', synced: false },
  ],
  others: [{ id: hex('70'), storeId: 's3' }],
};
const summary = { type: 'done', blocks: 1, copiesMin: 3, replicas: 3 } as const;

const answers: Routes = {
  'GET /v1/status': json(status),
  'GET /v1/id': json(status),
  'GET /v1/peers': json(peers),
  'GET /v1/leafset': json(leafSet),
  'GET /v1/routes': json(routes),
  'GET /v1/lookup': json(lookup),
  'GET /v1/where': lines(block, summary),
};

let daemon: FakeDaemon;
beforeAll(async () => {
  daemon = await fakeDaemon(answers);
});
afterAll(() => daemon.close());

function run(...args: readonly string[]): Promise<Result> {
  return dht(['--path', daemon.path, ...args]);
}

describe('what a node is and knows', () => {
  test.each([['status'], ['peers'], ['leafset'], ['routes'], ['id'], ['lookup', cid], ['where', cid]])(
    '%s fits into 100 columns and has no colours on a pipe',
    async (...args) => {
      const { code, stdout } = await run(...args);
      expect(code).toBe(0);
      expect(stdout).not.toContain('\u001b');
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    },
  );

  test.each([
    ['status', status],
    ['peers', peers],
    ['leafset', leafSet],
    ['routes', routes],
    ['id', status],
  ])('%s --json is the daemon’s answer on one line', async (command, answer) => {
    const { stdout } = await run(command, '--json');
    expect(stdout.split('\n')).toHaveLength(2);
    expect(JSON.parse(stdout)).toEqual(answer);
  });

  test('status reads well', async () => {
    expect((await run('status')).stdout).toBe(
      [
        'node       a1b2c3d4  active, up 3 h 12 min',
        `peer id    ${status.peerId}`,
        'network    9f8e7d6c  about 50 nodes, r = 3, w = 2',
        'arc        a0000000 to b0000000, 6.3% of the ring, synced',
        'peers      12 connections, 32 in the leaf set, 18 in the routing table',
        'stores     12,345 blocks, 1.1 GiB, 1.0 MiB moved by repair',
        'uses       83.9 MiB of memory, 12.3 s of processor time',
        'path       /home/alice/.local/share/dht',
        `addresses  ${status.multiaddrs[0]}`,
        '',
      ].join('\n'),
    );
  });

  test('colours appear on a terminal, unless NO_COLOR is set', async () => {
    const args = ['--path', daemon.path, 'status'];
    expect((await dht(args, { terminal: true })).stdout).toContain('\u001b[32mactive');
    expect((await dht(args, { terminal: true, env: { NO_COLOR: '1' } })).stdout).not.toContain('\u001b');
  });

  test('peers are ordered by round-trip time', async () => {
    const rows = (await run('peers')).stdout.split('\n');
    expect(rows[1]).toMatch(/^b2000000 .* 1\.2 ms +us +yes +\/ip4\/192\.168\.178\.101\/tcp\/40001$/);
    expect(rows[2]).toMatch(/^f0000000 /);
  });

  test('the leaf set is listed in ring order around this node, and drawn', async () => {
    const { stdout } = await run('leafset');
    const order = [...stdout.matchAll(/^ *(\S+) {2}([0-9a-f]{8}) /gm)].map((match) => `${match[1]} ${match[2]}`);
    expect(order).toEqual(['−1 90000000', '◆ a1b2c3d4', '+1 b2000000', '+2 f0000000']);
    expect(stdout).toContain('suspected');
    expect(stdout.slice(0, stdout.indexOf('POS'))).toContain('◆');
  });

  test('lookup shows hops and the replica set with signed distances', async () => {
    const { stdout } = await run('lookup', cid, '--iterative');
    expect(daemon.requests.at(-1)).toBe(`GET /v1/lookup/${cid}?mode=iterative`);
    expect(stdout).toMatch(/ 2 {2}81000000 {2}1\.5 ms/);
    expect(stdout).toContain('+0.391%');
    expect(stdout).toContain('−0.781%');
    await run('lookup', cid);
    expect(daemon.requests.at(-1)).toBe(`GET /v1/lookup/${cid}?mode=recursive`);
  });

  test('where marks who has it, who has it not yet in order and who is silent', async () => {
    const { stdout, stderr } = await run('where', cid);
    expect(stdout.split('\n')[1]).toBe('bafybeig…y55fbzdi   1.0 MiB     3/3  81000000 7e000000~ 90000000? 70000000+');
    expect(stderr).toContain('1 block, each on at least 3 nodes (r = 3)');
  });

  test('where --json streams the blocks and the summary', async () => {
    const objects = (await run('where', '--json', cid)).stdout.trimEnd().split('\n');
    expect(objects.map((line) => JSON.parse(line))).toEqual([block, summary]);
  });

  test('where ends with code 10 when a block is nowhere', async () => {
    daemon.routes = { 'GET /v1/where': lines({ ...block, replicaSet: [], others: [] }, { ...summary, copiesMin: 0 }) };
    expect((await run('where', cid)).code).toBe(10);
    daemon.routes = answers;
  });

  test('a node that is alone says so', async () => {
    daemon.routes = { 'GET /v1/peers': json([]), 'GET /v1/routes': json({ id: hex('a'), rows: [] }) };
    expect((await run('peers')).stdout).toContain('alone');
    expect((await run('routes')).stdout).toContain('no routes');
    daemon.routes = answers;
  });
});

describe('leave and stop', () => {
  const leaving = (outcome: string) => ({ 'POST /v1/leave': lines({ type: 'progress', remaining: 7 }, { type: 'done', outcome }) });

  test.each([
    ['handed-over', 0, 'handed over'],
    ['alone', 0, 'only node'],
    ['timeout', 4, '7 blocks'],
    ['no-room', 9, 'no room'],
    ['cancelled', 130, 'cancelled'],
  ])('an outcome of %s is code %d', async (outcome, exitCode, text) => {
    daemon.routes = leaving(outcome);
    const { code, stdout, stderr } = await run('leave', '--timeout', '2m');
    expect(code).toBe(exitCode);
    expect(stdout + stderr).toContain(text);
  });

  test('stop waits for the end of the process', async () => {
    daemon.routes = { 'POST /v1/stop': json({}) };
    expect(await run('stop')).toEqual({ code: 0, stdout: 'The daemon has stopped.\n', stderr: '' });
  });
});

describe('join', () => {
  test('--json tells who has joined', async () => {
    daemon.routes = { 'POST /v1/join': lines({ ...status, type: 'done' }) };
    expect(JSON.parse((await run('join', '--json', '/ip4/10.0.0.1/tcp/4001')).stdout)).toEqual(status);
  });

  test('tells the daemon that runs at this path to join', async () => {
    daemon.routes = { 'POST /v1/join': lines({ ...status, type: 'done' }) };
    const { code, stdout } = await run('join', '/ip4/10.0.0.1/tcp/4001');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'The daemon that runs here, a1b2c3d4, has joined network 9f8e7d6c.\n' });
  });
});
