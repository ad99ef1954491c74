import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiError, ApiFile } from '@dht/node';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Answers by method and decoded path, for example `GET /v1/id`; the longest route that the request begins with wins. */
export type Routes = Readonly<Record<string, Handler>>;

/** A daemon as the command line sees it: the HTTP API at a path, with canned answers. */
export interface FakeDaemon {
  /** For `--path`. */
  readonly path: string;
  readonly requests: readonly string[];
  routes: Routes;
  close(): Promise<void>;
}

export async function fakeDaemon(routes: Routes = {}): Promise<FakeDaemon> {
  const path = mkdtempSync(join(tmpdir(), 'dht-fake-'));
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const line = `${request.method} ${decodeURIComponent(request.url ?? '')}`;
    requests.push(line);
    if (request.headers.authorization !== 'Bearer secret') return sendError(response, 401, { exitCode: 1, message: 'wrong token' });
    const route = Object.keys(daemon.routes)
      .filter((name) => line === name || line.startsWith(`${name}/`) || line.startsWith(`${name}?`))
      .sort((a, b) => b.length - a.length)[0];
    const handler = route === undefined ? undefined : daemon.routes[route];
    if (handler === undefined) return sendError(response, 404, { exitCode: 1, message: `no route for ${line}` });
    void handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const daemon: FakeDaemon = {
    path,
    requests,
    routes,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(path, { recursive: true, force: true });
    },
  };
  const { port } = server.address() as AddressInfo;
  // A process id that is gone: the daemon of these tests ends as soon as it is asked to.
  const file: ApiFile = { address: '127.0.0.1', port, token: 'secret', pid: 2 ** 22 + 1 };
  writeFileSync(join(path, 'api.json'), JSON.stringify(file));
  return daemon;
}

export function json(value: unknown): Handler {
  return (_, response) => {
    response.end(JSON.stringify(value));
  };
}

export function lines(...values: readonly unknown[]): Handler {
  return async (request, response) => {
    for await (const _ of request);
    for (const value of values) response.write(`${JSON.stringify(value)}\n`);
    response.end();
  };
}

export function failing(status: number, error: Omit<ApiError, 'type'>): Handler {
  return (_, response) => sendError(response, status, error);
}

/** A file, with the one range that is asked for. */
export function bytes(content: Uint8Array): Handler {
  return (request, response) => {
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const from = Number(match?.[1] ?? 0);
    const to = match?.[2] ? Math.min(Number(match[2]) + 1, content.length) : content.length;
    const headers: Record<string, string> = { 'content-length': String(to - from) };
    if (match !== null) headers['content-range'] = `bytes ${from}-${to - 1}/${content.length}`;
    response.writeHead(match === null ? 200 : 206, headers).end(content.subarray(from, to));
  };
}

function sendError(response: ServerResponse, status: number, error: Omit<ApiError, 'type'>): void {
  response.writeHead(status).end(JSON.stringify({ type: 'error', ...error }));
}
