import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../scripts/lib/port.ts';
import type { Command } from './support/command.ts';
import { address, Testbed } from './support/testbed.ts';

let testbed: Testbed;
beforeEach(async () => {
  testbed = await Testbed.open();
});
afterEach(() => testbed.close());

/** A daemon whose output matters. It is ended with the test. */
function daemon(path: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Command {
  const command = testbed.command(path, args, { environment });
  onTestFinished(async () => {
    command.child.kill('SIGKILL');
    await command.ended;
  });
  return command;
}

async function local(): Promise<string> {
  return `/ip4/127.0.0.1/tcp/${await freePort()}`;
}

/** Someone who is no peer, at a port of 127.0.0.1. */
async function stranger(answer: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    answer(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const bound = server.address();
  return `/ip4/127.0.0.1/tcp/${typeof bound === 'object' ? bound?.port : ''}`;
}

/** Sends garbage for as long as it is taken. */
function flood(socket: Socket): void {
  socket.write(randomBytes(65_536), (error) => {
    if (!error) flood(socket);
  });
}

describe('dht start', () => {
  test('prints addresses and the line for the next machine, and that line works', async () => {
    const first = daemon(testbed.folder(), ['start', '--listen', await local()]);
    await first.untilPrinted(/^Daemon is ready$/m);
    expect(first.stdout).toMatch(/listens on {2}\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3KooW/);
    const line = /^ {2}dht (join \S+)$/m.exec(first.stdout)?.[1] ?? '';
    const second = daemon(testbed.folder(), [...line.split(' '), '--listen', await local()]);
    await second.untilPrinted(/^Daemon is ready$/m);
    expect(first.stderr + second.stderr).toBe('');
  });

  test('under npm prints a line that works from the repository', async () => {
    const { stdout } = await untilReady(daemon(testbed.folder(), ['start', '--listen', await local()], { npm_command: 'exec' }));
    expect(stdout).toMatch(/^ {2}npx dht join /m);
  });

  test('with --json prints one object, with -q one line', async () => {
    const json = daemon(testbed.folder(), ['start', '--json', '--listen', await local()]);
    await json.untilPrinted(/\n/);
    expect(JSON.parse(json.stdout)).toMatchObject({ type: 'ready', activation: 'created', pid: json.child.pid });
    const quiet = daemon(testbed.folder(), ['start', '-q', '--listen', await local()]);
    await quiet.untilPrinted(/\n/);
    expect(quiet.stdout).toBe('Daemon is ready\n');
  });

  test('without --listen takes another port when 4001 is taken, and says which', async () => {
    const server = createServer();
    server.on('error', () => undefined);
    // When it is taken by somebody else on this machine, it is taken as well.
    server.listen(4001, '0.0.0.0');
    await Promise.race([once(server, 'listening'), once(server, 'close'), new Promise((resolve) => server.once('error', resolve))]);
    onTestFinished(() => void server.close());
    const first = daemon(testbed.folder(), ['start']);
    await first.untilPrinted(/^Daemon is ready$/m);
    const port = /\/tcp\/(\d+)\//.exec(first.stdout)?.[1];
    expect(port).not.toBe('4001');
    expect(first.stderr).toContain('4001');
    expect(first.stderr).toContain(String(port));
  });

  test('with a --listen that is taken is an error that names it', async () => {
    const taken = await stranger((socket) => socket.destroy());
    const { code, stdout, stderr } = await testbed.dht(testbed.folder(), ['start', '--listen', taken]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(taken.slice(taken.lastIndexOf('/') + 1));
  });

  test('that failed founds nothing: the path can join a network', async () => {
    const [path, member] = [testbed.folder(), daemon(testbed.folder(), ['start', '--listen', await local()])];
    await member.untilPrinted(/^Daemon is ready$/m);
    expect(await testbed.dht(path, ['start', '--listen', await stranger((socket) => socket.destroy())])).toMatchObject({ code: 1 });
    const line = /^ {2}dht (join \S+)$/m.exec(member.stdout)?.[1] ?? '';
    await daemon(path, [...line.split(' '), '--listen', await local()]).untilPrinted(/^Daemon is ready$/m);
  });

  test('without --listen comes back to the port it had, when that is free', async () => {
    const path = testbed.folder();
    const portOf = ({ stdout }: Command): string | undefined => /\/tcp\/(\d+)\//.exec(stdout)?.[1];
    // Whoever has 4001, the second one has another port.
    const first = await untilReady(daemon(testbed.folder(), ['start']));
    const second = await untilReady(daemon(path, ['start']));
    for (const { child, ended } of [first, second]) {
      child.kill('SIGINT');
      await ended;
    }
    const again = await untilReady(daemon(path, ['start']));
    expect(portOf(again)).toBe(portOf(second));
    expect(again.stderr).not.toContain('is taken');
  });

  test('without --listen comes back to the port that was chosen with it: there the others look for it', async () => {
    const path = testbed.folder();
    const address = await local();
    const first = await untilReady(daemon(path, ['start', '--listen', address]));
    first.child.kill('SIGKILL');
    await first.ended;
    const again = await untilReady(daemon(path, ['start']));
    expect(again.stdout).toContain(`${address}/p2p/`);
  });

  test('at a path that another daemon has is a conflict that names its process', async () => {
    const path = testbed.folder();
    const first = await untilReady(daemon(path, ['start', '--listen', await local()]));
    const { code, stdout, stderr } = await testbed.dht(path, ['start', '--listen', await local()]);
    expect({ code, stdout }).toEqual({ code: 8, stdout: '' });
    expect(stderr).toContain(String(first.child.pid));
    expect(await testbed.dht(path, ['status'])).toMatchObject({ code: 0 });
  });

  test('at a path that cannot be is an error that names it', async () => {
    const file = join(testbed.folder(), 'file');
    writeFileSync(file, '');
    const { code, stderr } = await testbed.dht(join(file, 'below'), ['start', '--listen', await local()]);
    expect(code).toBe(1);
    expect(stderr).toContain(file);
  });

  test.skipIf(process.platform !== 'linux')('where no folder can be made is an error that names the place', async () => {
    const { code, stderr } = await testbed.dht('/proc/none/node', ['start', '--listen', await local()]);
    expect(code).toBe(1);
    expect(stderr).toContain('/proc/none/node');
  });

  test.skipIf(process.getuid?.() === 0)('at a path that may not be written is an error that names it', async () => {
    const folder = testbed.folder();
    chmodSync(folder, 0o500);
    const { code, stderr } = await testbed.dht(folder, ['start', '--listen', await local()]);
    expect(code).toBe(1);
    expect(stderr).toContain(folder);
  });

  test('takes its settings from config.json too, and names a bad one', async () => {
    const path = testbed.folder();
    writeFileSync(join(path, 'config.json'), JSON.stringify({ listen: [await local()], replicas: 2 }));
    const first = await untilReady(daemon(path, ['start']));
    expect(JSON.parse((await testbed.dht(path, ['status', '--json'])).stdout)).toMatchObject({ replicas: 2 });
    first.child.kill('SIGINT');
    await first.ended;
    writeFileSync(join(path, 'config.json'), '{"listen": 1}');
    expect(await testbed.dht(path, ['start'])).toMatchObject({ code: 2, stderr: expect.stringContaining('listen') });
  });

  test('ends at once and cleanly on Ctrl-C and on SIGTERM, and starts again with the same id', async () => {
    const path = testbed.folder();
    const listen = await local();
    let id: string | undefined;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const node = await untilReady(daemon(path, ['start', '--listen', listen]));
      const now: string = JSON.parse((await testbed.dht(path, ['id', '--json'])).stdout).id;
      id ??= now;
      expect(now).toBe(id);
      node.child.kill(signal);
      expect(await node.ended).toMatchObject({ code: 0 });
      expect(await testbed.dht(path, ['status'])).toMatchObject({ code: 7 });
    }
  });

  test('keeps the token of its API to its owner', async () => {
    const path = testbed.folder();
    await untilReady(daemon(path, ['start', '--listen', await local()]));
    expect(statSync(join(path, 'api.json')).mode & 0o777).toBe(0o600);
    const { port, token } = JSON.parse(readFileSync(join(path, 'api.json'), 'utf8'));
    const url = `http://127.0.0.1:${port}/v1/status`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    const foreign = await fetch(url, { headers: { authorization: `Bearer ${token}`, origin: 'https://evil.example' } });
    expect(foreign.status).toBe(403);
  });
});

describe('dht join', () => {
  test('with a daemon running at the path tells that daemon to join', async () => {
    const [first, second] = await testbed.network(2);
    const { code, stdout } = await testbed.dht(second ?? '', ['join', first === undefined ? '' : address(first)]);
    expect(code).toBe(0);
    expect(stdout).toContain('has joined network');
  });

  test('through nobody says that nobody is there, and leaves no daemon behind', async () => {
    const path = testbed.folder();
    const nobody = await local();
    const { code, stdout, stderr } = await testbed.dht(path, ['join', nobody, '--listen', await local()]);
    expect({ code, stdout }).toEqual({ code: 10, stdout: '' });
    expect(stderr).toContain(nobody);
    expect(await testbed.dht(path, ['status'])).toMatchObject({ code: 7 });
  });

  test('through the right address with another peer id is refused', async () => {
    const first = await testbed.found();
    const second = await testbed.found();
    const wrong = `${address(first)}/p2p/${second.identity?.peerId}`;
    const { code, stdout, stderr } = await testbed.dht(testbed.folder(), ['join', wrong, '--listen', await local()]);
    expect({ code, stdout }).toEqual({ code: 10, stdout: '' });
    expect(stderr).toContain(second.identity?.peerId);
  });

  test('of a node that belongs to another network is a conflict, and both go on', async () => {
    const first = await testbed.found();
    const second = await testbed.found();
    const told = await testbed.dht(second, ['join', address(first)]);
    expect(told.code).toBe(8);
    expect(told.stderr).toContain('network');
    for (const node of [first, second]) expect(await testbed.dht(node, ['status'])).toMatchObject({ code: 0 });
    second.kill();
    await second.process?.ended;
    expect(await testbed.dht(second, ['join', address(first), '--listen', await local()])).toMatchObject({ code: 8 });
  });

  test.each([
    ['not an address', 'frob'],
    ['an address without a port', '/ip4/127.0.0.1'],
    ['an unknown protocol', '/ip4/127.0.0.1/frob/4001'],
  ])('of %s is wrong usage', async (_, text) => {
    expect(await testbed.dht(testbed.folder(), ['join', text, '--listen', await local()])).toMatchObject({ code: 2, stdout: '' });
  });

  test.each([
    ['hangs up', (socket: Socket) => socket.destroy()],
    ['speaks another protocol', (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['sends garbage without end', flood],
  ])('through someone who %s fails with a reason', async (_, answer) => {
    const { code, stderr } = await testbed.dht(testbed.folder(), ['join', await stranger(answer), '--listen', await local()]);
    expect(code).toBe(10);
    expect(stderr).toContain('127.0.0.1');
  });
});

describe('a daemon', () => {
  test('outlives strangers who send it garbage', async () => {
    const node = await testbed.found();
    const strangers = [randomBytes(100_000), Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(1_000_000, 0xff), Buffer.alloc(0)];
    await Promise.all(
      strangers.map(async (bytes) => {
        const socket = connect(node.port, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.end(bytes);
        await new Promise((resolve) => socket.resume().once('close', resolve));
      }),
    );
    expect(await testbed.dht(node, ['status'])).toMatchObject({ code: 0 });
    await testbed.join([node]);
  });
});

async function untilReady(command: Command): Promise<Command> {
  await command.untilPrinted(/^Daemon is ready$/m);
  return command;
}
