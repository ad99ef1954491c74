import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DhtError } from '@dht/node';
import { extract } from 'it-tar';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tarFolder } from '../src/files/folder-tar.ts';
import { walkFolder } from '../src/files/folder-walk.ts';
import { fileState, readStable } from '../src/files/stable-read.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dht-folder-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const strict = { followLinks: false };

async function failure(work: Promise<unknown>): Promise<Partial<DhtError>> {
  return await work.then(
    () => ({}),
    (error: DhtError) => error,
  );
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}

describe('walking a folder', () => {
  test('lists everything, hidden files and empty folders too, in the order of the bytes of the names', async () => {
    for (const folder of ['b', 'b/empty', 'Z']) mkdirSync(join(root, folder));
    for (const file of ['b/2', 'b/10', '.hidden', 'ä', 'a']) writeFileSync(join(root, file), file);
    const entries = await walkFolder(root, strict);
    expect(entries.map(({ name }) => name)).toEqual(['.hidden', 'Z', 'a', 'b', 'b/10', 'b/2', 'b/empty', 'ä']);
  });

  test('a symbolic link is refused by name, unless links are followed', async () => {
    writeFileSync(join(root, 'file'), '12345');
    symlinkSync('file', join(root, 'link'));
    const error = await failure(walkFolder(root, strict));
    expect(error).toMatchObject({ exitCode: 1, message: `${root}/link is a symbolic link` });
    expect(error.hint).toContain('--follow-links');
    const followed = await walkFolder(root, { followLinks: true });
    expect(followed).toMatchObject([{ name: 'file' }, { name: 'link', kind: 'file', state: { size: 5 } }]);
  });

  test('a link to a folder around it, or to nothing, is an error even when links are followed', async () => {
    mkdirSync(join(root, 'inner'));
    symlinkSync('..', join(root, 'inner', 'loop'));
    expect(await failure(walkFolder(root, { followLinks: true }))).toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('folder around it'),
    });
    unlinkSync(join(root, 'inner', 'loop'));
    symlinkSync('nowhere', join(root, 'dangling'));
    expect(await failure(walkFolder(root, { followLinks: true }))).toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('link to nothing'),
    });
  });

  test('what is neither file nor folder is refused by name', async () => {
    const server = createServer().listen(join(root, 'socket'));
    await once(server, 'listening');
    expect(await failure(walkFolder(root, strict))).toMatchObject({
      exitCode: 1,
      message: `${root}/socket is a socket, which cannot be stored`,
    });
    server.close();
  });

  test('a name that is not UTF-8 is refused', async () => {
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x66, 0xff])]), '');
    expect(await failure(walkFolder(root, strict))).toMatchObject({ exitCode: 1, message: expect.stringContaining('not UTF-8') });
  });
});

describe('reading a file for a put', () => {
  async function readWhile(change: (path: string) => void): Promise<Partial<DhtError> & { bytes: number }> {
    const path = join(root, 'file');
    writeFileSync(path, Buffer.alloc(1_000_000, 7));
    const state = fileState(statSync(path, { bigint: true }));
    let bytes = 0;
    const error = await failure(
      (async () => {
        for await (const chunk of readStable(path, state)) {
          if (bytes === 0) change(path);
          bytes += chunk.length;
        }
      })(),
    );
    return Object.assign(error, { bytes });
  }

  test('gives its bytes', async () => {
    const { bytes, exitCode } = await readWhile(() => undefined);
    expect({ bytes, exitCode }).toEqual({ bytes: 1_000_000, exitCode: undefined });
  });

  test.each([
    ['grows', (path: string) => appendFileSync(path, 'more')],
    ['shrinks', (path: string) => truncateSync(path, 10)],
    ['is touched', (path: string) => utimesSync(path, 1, 1)],
  ])('fails before the last byte when the file %s', async (_, change) => {
    const { bytes, exitCode } = await readWhile(change);
    expect(exitCode).toBe(1);
    expect(bytes).toBeLessThan(1_000_000);
  });

  test('fails when the file was replaced or has vanished since the folder was listed', async () => {
    const path = join(root, 'file');
    writeFileSync(path, 'old');
    const state = fileState(statSync(path, { bigint: true }));
    unlinkSync(path);
    expect(await failure(collect(readStable(path, state)))).toMatchObject({ exitCode: 1, message: expect.stringContaining('vanished') });
    writeFileSync(path, 'new');
    expect(await failure(collect(readStable(path, state)))).toMatchObject({ exitCode: 1, message: expect.stringContaining('changed') });
  });
});

describe('a folder as a tar stream', () => {
  test('holds names of any length and script, and the bytes', async () => {
    const long = `${'d'.repeat(90)}/${'f'.repeat(200)}`;
    mkdirSync(join(root, 'd'.repeat(90)));
    const contents = new Map([
      ['empty', ''],
      ['写真', 'x'.repeat(513)],
      [long, 'long'],
    ]);
    for (const [name, text] of contents) writeFileSync(join(root, name), text);
    const seen = new Map<string, string>();
    for await (const { header, body } of extract()(tarFolder(await walkFolder(root, strict)))) {
      const bytes = await collect(body);
      if (header.type === 'file') seen.set(header.name, bytes.toString());
    }
    expect(seen).toEqual(contents);
  });

  test('breaks off before the end of the archive when a file changes meanwhile', async () => {
    writeFileSync(join(root, 'a'), 'a');
    writeFileSync(join(root, 'b'), 'b');
    const entries = await walkFolder(root, strict);
    writeFileSync(join(root, 'b'), 'other');
    let bytes = 0;
    const error = await failure(
      (async () => {
        for await (const chunk of tarFolder(entries)) bytes += chunk.length;
      })(),
    );
    expect(error).toMatchObject({ exitCode: 1, message: expect.stringContaining('/b changed') });
    expect(bytes).toBeLessThan(4 * 512 + 1024);
  });
});
