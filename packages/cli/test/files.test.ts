import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListEntry, PutReply, Receipt } from '@dht/node';
import { extract } from 'it-tar';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { closedPipe, dht, type Result } from './support/command.ts';
import { bytes, type FakeDaemon, failing, fakeDaemon, type Handler, lines } from './support/fake-daemon.ts';

const cid = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi';
const receipt: Receipt = {
  blocks: 2,
  copiesMin: 3,
  replicas: 3,
  writeQuorum: 2,
  histogram: [0, 0, 0, 2],
  holders: [1, 2, 3].map((n) => ({ id: String(n).repeat(64), storeId: `s${n}`, blocks: 2 })),
  shortfall: 'none',
};
const stored: PutReply = { type: 'done', cid, size: 5, receipt, elapsedMs: 42 };

let daemon: FakeDaemon;
let folder: string;
beforeEach(async () => {
  daemon = await fakeDaemon();
  folder = mkdtempSync(join(tmpdir(), 'dht-files-'));
});
afterEach(async () => {
  await daemon.close();
  rmSync(folder, { recursive: true, force: true });
});

function run(...args: readonly string[]): Promise<Result> {
  return dht(['--path', daemon.path, ...args]);
}

function file(path: string, size: number, of: string = cid): ListEntry {
  return { type: 'entry', path, name: path.slice(path.lastIndexOf('/') + 1), kind: 'file', cid: of, size };
}

function directory(path: string): ListEntry {
  return { type: 'entry', path, name: path.slice(path.lastIndexOf('/') + 1), kind: 'directory', cid: `dir-${path}` };
}

/** Takes a put and remembers what came; `complete` tells whether it came to its end. */
function taker(answer: Handler): { handler: Handler; taken: () => { body: Buffer; complete: boolean } } {
  const chunks: Buffer[] = [];
  let complete = false;
  return {
    taken: () => ({ body: Buffer.concat(chunks), complete }),
    handler: async (request, response) => {
      try {
        for await (const chunk of request) chunks.push(chunk);
        complete = true;
        await answer(request, response);
      } catch {
        // The client broke off.
      }
    },
  };
}

describe('put', () => {
  test('of a file sends its bytes, prints the CID alone on stdout and the receipt on stderr', async () => {
    writeFileSync(join(folder, 'photo.jpg'), 'hello');
    const put = taker(lines({ type: 'progress', bytes: 5, blocks: 1 }, stored));
    daemon.routes = { 'PUT /v1/files': put.handler };
    const { code, stdout, stderr } = await run('put', join(folder, 'photo.jpg'));
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${cid}\n` });
    expect(stderr).toBe('photo.jpg: 5 B in 2 blocks, 3 of 3 copies on 3 nodes, 42 ms\n');
    expect(put.taken().body.toString()).toBe('hello');
  });

  test('says nothing but the CID with -q, and everything with --json', async () => {
    writeFileSync(join(folder, 'a'), '');
    daemon.routes = { 'PUT /v1/files': taker(lines(stored)).handler };
    expect(await run('put', '-q', join(folder, 'a'))).toEqual({ code: 0, stdout: `${cid}\n`, stderr: '' });
    const { stdout, stderr } = await run('put', '--json', join(folder, 'a'));
    expect(JSON.parse(stdout)).toEqual({ cid, size: 5, receipt, elapsedMs: 42 });
    expect(stderr).toBe('');
  });

  test('of - sends standard input', async () => {
    const put = taker(lines(stored));
    daemon.routes = { 'PUT /v1/files': put.handler };
    const { code } = await dht(['--path', daemon.path, 'put', '-'], { stdin: ['one ', 'two'] });
    expect(code).toBe(0);
    expect(put.taken()).toEqual({ body: Buffer.from('one two'), complete: true });
  });

  test('of a folder sends a tar stream of its content', async () => {
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub', 'x'), 'xx');
    const put = taker(lines(stored));
    daemon.routes = { 'PUT /v1/folders': put.handler };
    expect((await run('put', folder)).code).toBe(0);
    const names: string[] = [];
    for await (const { header, body } of extract()([put.taken().body])) {
      names.push(`${header.type} ${header.name}`);
      for await (const _ of body);
    }
    expect(names).toEqual(['directory sub/', 'file sub/x']);
  });

  test('below the write quorum prints the CID, the reason and code 5', async () => {
    writeFileSync(join(folder, 'a'), 'a');
    const error = { type: 'error', exitCode: 5, message: 'only 1 of 2 copies', hint: 'Add nodes.', receipt, cid } as const;
    daemon.routes = { 'PUT /v1/files': taker(lines(error)).handler };
    expect(await run('put', join(folder, 'a'))).toEqual({
      code: 5,
      stdout: `${cid}\n`,
      stderr: 'dht put: only 1 of 2 copies\n  Add nodes.\n',
    });
    const { stdout, stderr } = await run('put', '--json', join(folder, 'a'));
    expect(stdout).toBe('');
    expect(JSON.parse(stderr)).toEqual(error);
  });

  test('says when copies are still missing', async () => {
    writeFileSync(join(folder, 'a'), 'a');
    daemon.routes = {
      'PUT /v1/files': taker(lines({ ...stored, receipt: { ...receipt, copiesMin: 2, shortfall: 'too-few-nodes' } })).handler,
    };
    expect((await run('put', join(folder, 'a'))).stderr).toContain('smaller than 3 nodes');
  });

  test.each([
    ['nowhere', 3, 'there is no file or folder'],
    ['link', 1, 'is a symbolic link'],
    ['tree', 1, 'tree/link is a symbolic link'],
  ])('of %s is refused before anything is sent', async (name, exitCode, message) => {
    symlinkSync('target', join(folder, 'link'));
    mkdirSync(join(folder, 'tree'));
    symlinkSync('target', join(folder, 'tree', 'link'));
    const { code, stderr } = await run('put', join(folder, name));
    expect(code).toBe(exitCode);
    expect(stderr).toContain(message);
    expect(daemon.requests).toEqual([]);
  });

  test('of a file that changes meanwhile breaks the request off, so that the daemon has nothing whole', async () => {
    const path = join(folder, 'log');
    writeFileSync(path, Buffer.alloc(3_000_000));
    const put = taker(lines(stored));
    daemon.routes = {
      'PUT /v1/files': (request, response) => {
        request.once('data', () => writeFileSync(path, 'changed'));
        return put.handler(request, response);
      },
    };
    const { code, stdout, stderr } = await run('put', path);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`${path} changed while it was read`);
    expect(put.taken().complete).toBe(false);
  });

  test('to a daemon that dies meanwhile is no success', async () => {
    writeFileSync(join(folder, 'a'), Buffer.alloc(20_000_000));
    daemon.routes = { 'PUT /v1/files': (request) => void request.once('data', () => request.socket.destroy()) };
    const { code, stdout, stderr } = await run('put', join(folder, 'a'));
    expect({ code, stdout }).toEqual({ code: 7, stdout: '' });
    expect(stderr).toContain('closed the connection');
  });

  test('interrupted by Ctrl-C is code 130, and the request is broken off', async () => {
    const controller = new AbortController();
    const put = taker(lines(stored));
    daemon.routes = {
      'PUT /v1/files': (request, response) => {
        request.once('data', () => controller.abort());
        return put.handler(request, response);
      },
    };
    writeFileSync(join(folder, 'a'), Buffer.alloc(20_000_000));
    const { code, stderr } = await dht(['--path', daemon.path, 'put', join(folder, 'a')], { signal: controller.signal });
    expect(code).toBe(130);
    expect(stderr).toContain('interrupted');
    expect(put.taken().complete).toBe(false);
  });
});

describe('get', () => {
  const content = Buffer.alloc(300_000, 'content ');

  test('writes a file under its final name and leaves nothing else', async () => {
    daemon.routes = { 'GET /v1/ls': lines(file('', content.length), { type: 'done' }), 'GET /v1/files': bytes(content) };
    const out = join(folder, 'out');
    const { code, stdout, stderr } = await run('get', cid, '-o', out);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/out: 293 KiB, /);
    expect(readFileSync(out)).toEqual(content);
    expect(readdirSync(folder)).toEqual(['out']);
  });

  test('of something in a folder takes its name, and -o folder/ puts it in there', async () => {
    daemon.routes = { 'GET /v1/ls': lines(file('', 2), { type: 'done' }), 'GET /v1/files': bytes(Buffer.from('ok')) };
    expect((await run('get', `${cid}/a/b.txt`, '-o', `${folder}/`)).code).toBe(0);
    expect(readFileSync(join(folder, 'b.txt'), 'utf8')).toBe('ok');
    expect(daemon.requests[0]).toBe(`GET /v1/ls/${cid}/a/b.txt?recursive=1`);
  });

  test('that breaks off keeps what came, and the next one fetches only the rest', async () => {
    const out = join(folder, 'out');
    daemon.routes = {
      'GET /v1/ls': lines(file('', content.length), { type: 'done' }),
      'GET /v1/files': (_, response) => {
        response.writeHead(200, { 'content-length': String(content.length) });
        response.write(content.subarray(0, 100_000), () => response.destroy());
      },
    };
    const broken = await run('get', cid, '-o', out);
    expect(broken.code).not.toBe(0);
    expect(broken.stderr).toContain('again');
    expect(existsSync(out)).toBe(false);
    const partial = join(folder, `.out.${cid}.part`);
    const kept = readFileSync(partial).length;
    expect(kept).toBeGreaterThan(0);
    let asked: string | undefined;
    daemon.routes = {
      ...daemon.routes,
      'GET /v1/files': (request, response) => {
        asked = request.headers.range;
        return bytes(content)(request, response);
      },
    };
    expect((await run('get', cid, '-o', out)).code).toBe(0);
    expect(asked).toBe(`bytes=${kept}-`);
    expect(readFileSync(out)).toEqual(content);
    expect(readdirSync(folder)).toEqual(['out']);
  });

  test('refuses to replace what is there with code 8, unless forced', async () => {
    const out = join(folder, 'out');
    writeFileSync(out, 'old');
    daemon.routes = { 'GET /v1/ls': lines(file('', 3), { type: 'done' }), 'GET /v1/files': bytes(Buffer.from('new')) };
    const { code, stderr } = await run('get', cid, '-o', out);
    expect(code).toBe(8);
    expect(stderr).toContain('--force');
    expect(readFileSync(out, 'utf8')).toBe('old');
    expect((await run('get', cid, '-o', out, '--force')).code).toBe(0);
    expect(readFileSync(out, 'utf8')).toBe('new');
  });

  test('--force replaces the link, not what it points to', async () => {
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'precious');
    symlinkSync(victim, join(folder, 'out'));
    daemon.routes = { 'GET /v1/ls': lines(file('', 3), { type: 'done' }), 'GET /v1/files': bytes(Buffer.from('new')) };
    expect((await run('get', cid, '-o', join(folder, 'out'), '--force')).code).toBe(0);
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('new');
  });

  test('never writes through a link that lies where the partial file would', async () => {
    const victim = join(folder, 'victim');
    writeFileSync(victim, '');
    symlinkSync(victim, join(folder, `.out.${cid}.part`));
    daemon.routes = { 'GET /v1/ls': lines(file('', 3), { type: 'done' }), 'GET /v1/files': bytes(Buffer.from('new')) };
    expect((await run('get', cid, '-o', join(folder, 'out'))).code).toBe(1);
    expect(readFileSync(victim, 'utf8')).toBe('');
  });

  test('of a folder makes all of it appear at once, empty folders too', async () => {
    daemon.routes = {
      'GET /v1/ls': lines(
        directory('sub'),
        directory('sub/empty'),
        file('sub/x', 1, 'cid-x'),
        file('y', 2, 'cid-y'),
        file('none', 0, 'cid-0'),
        {
          type: 'done',
        },
      ),
      'GET /v1/files/cid-x': bytes(Buffer.from('x')),
      'GET /v1/files/cid-y': bytes(Buffer.from('yy')),
    };
    const out = join(folder, 'out');
    const { code, stderr } = await run('get', cid, '-o', out);
    expect(code).toBe(0);
    expect(stderr).toContain('3 B in 3 files');
    expect(readdirSync(out, { recursive: true }).sort()).toEqual(['none', 'sub', 'sub/empty', 'sub/x', 'y']);
    expect(readFileSync(join(out, 'y'), 'utf8')).toBe('yy');
    expect(readdirSync(folder)).toEqual(['out']);
  });

  test('of a folder that breaks off leaves no folder under the final name, and the next one fetches only what is missing', async () => {
    const listing = lines(file('a', 1, 'cid-a'), file('b', 1, 'cid-b'), { type: 'done' });
    const out = join(folder, 'out');
    daemon.routes = {
      'GET /v1/ls': listing,
      'GET /v1/files/cid-a': bytes(Buffer.from('a')),
      'GET /v1/files/cid-b': async (request, response) => {
        await vi.waitFor(() => expect(existsSync(join(folder, `.out.${cid}.part`, 'tree', 'a'))).toBe(true));
        await failing(503, { exitCode: 10, message: 'nobody who has it answers' })(request, response);
      },
    };
    expect((await run('get', cid, '-o', out)).code).toBe(10);
    expect(existsSync(out)).toBe(false);
    daemon.routes = { 'GET /v1/ls': listing, 'GET /v1/files/cid-b': bytes(Buffer.from('b')) };
    expect((await run('get', cid, '-o', out)).code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(['a', 'b']);
    expect(readdirSync(folder)).toEqual(['out']);
  });

  test.each(['../evil', '/etc/evil', 'a/../../evil', '..'])(
    'of a folder with an entry named %j writes nothing and is code 6',
    async (name) => {
      daemon.routes = { 'GET /v1/ls': lines(file('good', 1), file(name, 1), { type: 'done' }), 'GET /v1/files': bytes(Buffer.from('x')) };
      const { code, stderr } = await run('get', cid, '-o', join(folder, 'out'));
      expect(code).toBe(6);
      expect(stderr).toContain('nothing was written');
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test('of a folder with symbolic links fetches the rest and says so with code 1', async () => {
    const link: ListEntry = { type: 'entry', path: 'l', name: 'l', kind: 'symlink', cid: 'cid-l', target: '/etc/passwd' };
    daemon.routes = { 'GET /v1/ls': lines(file('a', 1, 'cid-a'), link, { type: 'done' }), 'GET /v1/files/cid-a': bytes(Buffer.from('a')) };
    const { code, stderr } = await run('get', cid, '-o', join(folder, 'out'));
    expect(code).toBe(1);
    expect(stderr).toContain('1 symbolic link: l');
    expect(readdirSync(join(folder, 'out'))).toEqual(['a']);
  });

  test('into a folder that does not exist or may not be written says so', async () => {
    daemon.routes = { 'GET /v1/ls': lines(file('', 3), { type: 'done' }), 'GET /v1/files': bytes(Buffer.from('new')) };
    expect((await run('get', cid, '-o', join(folder, 'no', 'where'))).stderr).toContain('mkdir -p');
    writeFileSync(join(folder, 'f'), '');
    expect((await run('get', cid, '-o', join(folder, 'f', 'x'))).code).toBe(1);
  });

  test.skipIf(process.getuid?.() === 0)('into a read-only folder says so', async () => {
    daemon.routes = { 'GET /v1/ls': lines(file('', 3), { type: 'done' }), 'GET /v1/files': bytes(Buffer.from('new')) };
    chmodSync(folder, 0o500);
    expect((await run('get', cid, '-o', join(folder, 'x'))).stderr).toContain('cannot be written');
    chmodSync(folder, 0o700);
  });

  test('of a file that is shorter than its listing says is an integrity error', async () => {
    daemon.routes = { 'GET /v1/ls': lines(file('', 9), { type: 'done' }), 'GET /v1/files': bytes(Buffer.from('short')) };
    expect((await run('get', cid, '-o', join(folder, 'out'))).code).toBe(6);
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });

  test('of something unknown keeps the daemon’s code 3', async () => {
    daemon.routes = { 'GET /v1/ls': failing(404, { exitCode: 3, message: `${cid} was not found`, hint: 'Check it.' }) };
    expect((await run('get', cid)).code).toBe(3);
  });

  test('tells what it did with --json', async () => {
    daemon.routes = { 'GET /v1/ls': lines(file('', 2), { type: 'done' }), 'GET /v1/files': bytes(Buffer.from('ok')) };
    const { stdout } = await run('get', '--json', cid, '-o', join(folder, 'out'));
    expect(JSON.parse(stdout)).toMatchObject({ cid, path: join(folder, 'out'), kind: 'file', size: 2, files: 1, skippedLinks: [] });
  });
});

describe('cat', () => {
  test('prints the bytes, or the range that was asked for', async () => {
    daemon.routes = { 'GET /v1/files': bytes(Buffer.from('0123456789')) };
    expect((await run('cat', cid)).stdout).toBe('0123456789');
    expect((await run('cat', cid, '--offset', '3', '--length', '4')).stdout).toBe('3456');
    expect((await run('cat', cid, '--offset', '8')).stdout).toBe('89');
    expect(await run('cat', cid, '--length', '0')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await run('get', cid, '-o', '-')).stdout).toBe('0123456789');
  });

  test('into a pipe whose reader has seen enough ends without a word', async () => {
    daemon.routes = { 'GET /v1/files': bytes(Buffer.alloc(1_000_000)) };
    expect(await dht(['--path', daemon.path, 'cat', cid], { stdout: closedPipe() })).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

describe('ls', () => {
  test('names a folder’s entries, with escapes for what a terminal would obey', async () => {
    daemon.routes = { 'GET /v1/ls': lines(directory('sub'), file('a\u001b[2J', 1), { type: 'done' }) };
    expect(await run('ls', cid)).toEqual({ code: 0, stdout: 'sub/\na\\u001b[2J\n', stderr: '' });
  });

  test('-l shows CID and size, --json one object per line', async () => {
    daemon.routes = { 'GET /v1/ls': lines(file('a', 1536), { type: 'done' }) };
    expect((await run('ls', '-l', cid)).stdout).toBe(`${cid}   1.5 KiB  a\n`);
    const json = (await run('ls', '--json', '-r', cid)).stdout.trimEnd().split('\n');
    expect(json.map((line) => JSON.parse(line))).toEqual([{ path: 'a', name: 'a', kind: 'file', cid, size: 1536 }]);
    expect(daemon.requests.at(-1)).toBe(`GET /v1/ls/${cid}?recursive=1`);
  });
});
