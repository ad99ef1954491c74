import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dht } from './support/command.ts';
import { type FakeDaemon, failing, fakeDaemon } from './support/fake-daemon.ts';

const commands = [
  'start',
  'join',
  'leave',
  'stop',
  'put',
  'get',
  'cat',
  'ls',
  'where',
  'status',
  'peers',
  'leafset',
  'routes',
  'lookup',
  'id',
];

let daemon: FakeDaemon;
beforeAll(async () => {
  daemon = await fakeDaemon();
});
afterAll(() => daemon.close());

describe('help', () => {
  test.each(commands)('of %s has an example and fits into 100 columns', async (command) => {
    const { code, stdout, stderr } = await dht([command, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Examples:\n  $ ');
    expect(stdout).toContain('--json');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('lists every command and the exit codes', async () => {
    const { code, stdout } = await dht(['--help']);
    expect(code).toBe(0);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
    expect(stdout).toContain('130 interrupted');
  });

  test('goes to stdout with the version too', async () => {
    expect(await dht(['--version'])).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
  });
});

describe('wrong usage is exit code 2 and names the way out', () => {
  test.each([
    [[], 'no command was given'],
    [['frob'], "unknown command 'frob'"],
    [['put'], "missing required argument 'path'"],
    [['put', 'a', 'b'], 'too many arguments'],
    [['get', 'x', '--frob'], "unknown option '--frob'"],
    [['cat', 'x', '--offset', 'far'], '64KiB'],
    [['leave', '--timeout', 'soon'], '90s'],
    [['lookup', 'x', '--recursive', '--iterative'], 'cannot be used with'],
    [['start', '--log-level', 'loud'], 'Allowed choices'],
    [['start', '--preset', 'moon'], 'Allowed choices'],
    [['start', '--replicas', 'many'], 'replicas'],
    [['start', '--api-port', '70000'], 'apiPort'],
    [['start', '--replicas', '2', '--quorum', '3'], 'writeQuorum'],
    [['start', '--listen', 'here'], 'listen'],
    [['join'], "missing required argument 'multiaddr'"],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await dht(args, { env: { DHT_PATH: daemon.path } });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^ {2}\S/);
  });
});

describe('errors', () => {
  test('without a daemon say how to start one, with code 7', async () => {
    const result = await dht(['status', '--path', '/nonexistent/nowhere']);
    expect(result.code).toBe(7);
    expect(result.stdout).toBe('');
    expect(result.stderr).toMatch(/^dht status: .*no daemon.*\n {2}.*dht start/);
  });

  test('of the daemon keep their code, message and hint', async () => {
    daemon.routes = { 'GET /v1/status': failing(503, { exitCode: 10, message: 'the ring is silent', hint: 'Wait.\nThen try again.' }) };
    const { code, stderr } = await dht(['--path', daemon.path, 'status']);
    expect({ code, stderr }).toEqual({ code: 10, stderr: 'dht status: the ring is silent\n  Wait.\n  Then try again.\n' });
  });

  test('are one object on stderr with --json', async () => {
    daemon.routes = { 'GET /v1/status': failing(503, { exitCode: 10, message: 'silent', hint: 'Wait.' }) };
    const { code, stdout, stderr } = await dht(['--path', daemon.path, '--json', 'status']);
    expect({ code, stdout }).toEqual({ code: 10, stdout: '' });
    expect(JSON.parse(stderr)).toEqual({ type: 'error', exitCode: 10, message: 'silent', hint: 'Wait.' });
    expect(JSON.parse((await dht(['frob', '--json'])).stderr)).toMatchObject({ type: 'error', exitCode: 2 });
  });

  test('an answer that breaks off is no success', async () => {
    daemon.routes = {
      'GET /v1/ls': (_, response) => {
        response.write('{"type":"entry","path":"a","name":"a","kind":"file","cid":"bafy","size":1}\n', () => response.destroy());
      },
    };
    const { code, stdout } = await dht(['--path', daemon.path, 'ls', 'bafy']);
    expect(code).toBe(7);
    expect(stdout).toBe('a\n');
  });
});
