import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ApiClient } from '../../src/api/api-client.ts';
import { temporaryDirectory } from '../support/directory.ts';

/** A client of a server that does with each connection what it is told. */
async function clientOf(answer: string | undefined): Promise<ApiClient> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(answer ?? ''));
  });
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const path = await temporaryDirectory();
  const { port } = server.address() as AddressInfo;
  await writeFile(join(path, 'api.json'), JSON.stringify({ address: '127.0.0.1', port, token: 'x', pid: 1 }));
  if (answer === undefined) server.close();
  return ApiClient.open(path);
}

const head = 'HTTP/1.1 200 OK\r\nconnection: close\r\n';

describe('without a daemon', () => {
  test('there is nothing to open', async () => {
    const path = await temporaryDirectory();
    await expect(ApiClient.open(path)).rejects.toMatchObject({ exitCode: 7, message: `no daemon runs at ${path}` });
  });

  test('that was killed and left its file behind, every call says so', async () => {
    await expect((await clientOf(undefined)).status()).rejects.toMatchObject({ exitCode: 7 });
  });
});

describe('a daemon that dies', () => {
  test('before it answers is unreachable', async () => {
    await expect((await clientOf('')).status()).rejects.toMatchObject({ exitCode: 7 });
  });

  test('in the middle of a list leaves no complete list', async () => {
    const client = await clientOf(`${head}\r\n{"type":"entry","path":"a"}\n`);
    const names: string[] = [];
    const listing = (async () => {
      for await (const { path } of client.ls('x')) names.push(path);
    })();
    await expect(listing).rejects.toMatchObject({ exitCode: 7 });
    expect(names).toEqual(['a']);
  });

  test('in the middle of a file leaves no complete file', async () => {
    const { body, size } = await (await clientOf(`${head}content-length: 100\r\n\r\nonly this`)).get('x');
    expect(size).toBe(100);
    await expect(body.toArray()).rejects.toMatchObject({ exitCode: 10, message: 'the transfer broke off after 9 of 100 bytes' });
  });

  test('in the middle of a put leaves no receipt', async () => {
    const client = await clientOf(`${head}\r\n{"type":"progress","bytes":1,"blocks":1}\n`);
    const seen: number[] = [];
    const put = client.putFile((async function* () {})(), { onProgress: ({ bytes }) => seen.push(bytes) });
    await expect(put).rejects.toMatchObject({ exitCode: 7 });
    expect(seen).toEqual([1]);
  });
});

test('an error at the end of a put carries receipt and CID', async () => {
  const receipt = { blocks: 1, copiesMin: 1, replicas: 3, writeQuorum: 2, histogram: [0, 1], holders: [], shortfall: 'full' };
  const client = await clientOf(
    `${head}\r\n${JSON.stringify({ type: 'error', exitCode: 5, message: 'm', hint: 'h', receipt, cid: 'c' })}\n`,
  );
  await expect(client.putFile((async function* () {})())).rejects.toMatchObject({
    exitCode: 5,
    message: 'm',
    hint: 'h',
    receipt,
    cid: 'c',
  });
});
