import { readFile, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { ApiFile } from '../../src/api/contract.ts';
import { start, type TestDaemon } from '../support/daemons.ts';

// Several daemons with their disks, on whatever else this machine does.
vi.setConfig({ testTimeout: 60_000 });

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

interface Question {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

async function ask(
  { path: directory }: TestDaemon,
  { method = 'GET', path = '/v1/status', headers = {}, body = '' }: Question,
): Promise<Answer> {
  const { address: host, port, token }: ApiFile = JSON.parse(await readFile(join(directory, 'api.json'), 'utf8'));
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host, port, method, path, agent: false, headers: { authorization: `Bearer ${token}`, ...headers } },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

describe('the API', () => {
  test('lets in who has the token, and nobody else', async () => {
    const daemon = await start();
    expect((await ask(daemon, {})).status).toBe(200);
    expect((await ask(daemon, { headers: { authorization: '' } })).status).toBe(401);
    expect((await ask(daemon, { headers: { authorization: `Bearer ${'0'.repeat(64)}` } })).status).toBe(401);
    expect((await ask(daemon, { path: '/metrics', headers: { authorization: '' } })).status).toBe(401);
    expect((await stat(join(daemon.path, 'api.json'))).mode & 0o777).toBe(0o600);
  });

  test('does not answer to other host names or to web pages, and lets none of them read', async () => {
    const daemon = await start();
    expect((await ask(daemon, { headers: { host: 'evil.example' } })).status).toBe(403);
    const { status, headers } = await ask(daemon, { headers: { origin: 'http://127.0.0.1' } });
    expect(status).toBe(403);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test.each([
    [{ path: '/v1/nothing' }, 404],
    [{ path: '/' }, 404],
    [{ path: '/v1/status', method: 'DELETE' }, 404],
    [{ path: '/v1/join', method: 'POST', body: '{' }, 400],
    [{ path: '/v1/join', method: 'POST', body: '{"multiaddrs": []}' }, 400],
    [{ path: '/v1/join', method: 'POST', body: 'x'.repeat(100_000) }, 400],
    [{ path: '/v1/leave', method: 'POST', body: '{"timeoutMs": "soon"}' }, 400],
    [{ path: '/v1/files/nonsense' }, 400],
    [{ path: '/v1/files/%E0%A4%A' }, 400],
    [{ path: '/v1/files/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku' }, 404],
    [{ path: '/v1/ls/nonsense' }, 400],
    [{ path: '/v1/where/nonsense' }, 400],
    [{ path: '/v1/lookup/nonsense' }, 400],
    [{ path: `/v1/lookup/${'0'.repeat(64)}?mode=psychic` }, 400],
  ])('answers %j with %i and what is wrong', async (question, status) => {
    const answer = await ask(await start(), question);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ type: 'error', message: expect.stringMatching(/\w{3}/) });
  });
});
