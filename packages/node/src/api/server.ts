import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DhtError, systemCode } from '../error.ts';
import { exitCodes } from './contract.ts';
import { Exchange, type Target } from './exchange.ts';
import { Guard } from './guard.ts';

const second = 1000;
/** Requests that are under way get so long to hear that the server closes. */
const closingMs = 1 * second;

type Handler = (exchange: Exchange) => Promise<void> | void;
/** `GET files` → handler; a route takes whatever follows its segments. */
export type Routes = Readonly<Record<string, Handler>>;

export interface ApiServer {
  readonly port: number;
  /** Aborts what is under way. */
  close(): Promise<void>;
}

/** Serves the routes on 127.0.0.1. Throws a `DhtError` when the port is taken. */
export async function startApiServer(options: { port: number; token: string; routes: Routes }): Promise<ApiServer> {
  const closing = new AbortController();
  const guard = new Guard(options.token);
  // A put may take as long as it takes.
  const limits = { requestTimeout: 0, headersTimeout: 10 * second, keepAliveTimeout: 5 * second };
  const server = createServer(limits, (request, response) => void serve(request, response, guard, options.routes, closing.signal));
  const port = await listen(server, options.port);
  return { port, close: () => close(server, closing) };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  guard: Guard,
  routes: Routes,
  closing: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const exchange = new Exchange(parseTarget(request.url ?? '/'), request, response, AbortSignal.any([gone.signal, closing]));
  const refusal = guard.refusal(request);
  if (refusal !== undefined) {
    const error = new DhtError(exitCodes.usage, refusal.message).toApi();
    response.writeHead(refusal.status, { 'content-type': 'application/json', connection: 'close' }).end(`${JSON.stringify(error)}\n`);
    return;
  }
  try {
    await route(exchange, routes);
  } catch (error) {
    exchange.fail(error);
  }
}

async function route(exchange: Exchange, routes: Routes): Promise<void> {
  const { segments } = exchange.target;
  const isVersioned = segments[0] === 'v1';
  const name = isVersioned ? (segments[1] ?? '') : `/${segments[0] ?? ''}`;
  const handler = routes[`${exchange.request.method} ${name}`];
  if (handler === undefined) throw new DhtError(exitCodes.notFound, `there is no ${exchange.request.method} ${exchange.request.url}`);
  const rest = segments.slice(isVersioned ? 2 : 1);
  await handler(new Exchange({ ...exchange.target, segments: rest }, exchange.request, exchange.response, exchange.signal));
}

function parseTarget(url: string): Target {
  const { pathname, searchParams } = new URL(url, 'http://127.0.0.1');
  return { segments: pathname.split('/').slice(1).map(decode), query: searchParams };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const reason = systemCode(error) === 'EADDRINUSE' ? 'is taken' : `cannot be used: ${error.message}`;
      const hint = 'Choose another with --api-port or DHT_API_PORT; 0 takes a free one.';
      reject(new DhtError(exitCodes.error, `port ${port} of the API ${reason}`, { hint, cause: error }));
    });
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

async function close(server: Server, closing: AbortController): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  closing.abort();
  server.closeIdleConnections();
  const linger = setTimeout(() => server.closeAllConnections(), closingMs);
  await closed;
  clearTimeout(linger);
}
