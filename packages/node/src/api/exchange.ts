import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { asDhtError, DhtError } from '../error.ts';
import { type ExitCode, exitCodes } from './contract.ts';

const jsonBytesMax = 64 * 1024;
/** A client that is still sending gets so long to read that its request has failed. */
const lingerMs = 2000;

/** Path segments, decoded, and query of a request. */
export interface Target {
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

/** One request and its answer. */
export class Exchange {
  readonly target: Target;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborted when the client is gone or the server closes. */
  readonly signal: AbortSignal;

  constructor(target: Target, request: IncomingMessage, response: ServerResponse, signal: AbortSignal) {
    this.target = target;
    this.request = request;
    this.response = response;
    this.signal = signal;
  }

  /** The bytes of the body. Whoever stops reading leaves the connection alone, so that the client can still be told why. */
  body(): AsyncIterable<Uint8Array> {
    return this.request.iterator({ destroyOnReturn: false });
  }

  /** The JSON of the body. Throws a `DhtError` 2 when it is none or too long. */
  async json(): Promise<unknown> {
    let text = '';
    for await (const chunk of this.request) {
      text += chunk;
      if (text.length > jsonBytesMax) throw new DhtError(exitCodes.usage, 'the body of the request is too long');
    }
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new DhtError(exitCodes.usage, 'the body of the request is not JSON', { cause: error });
    }
  }

  reply(body: unknown): void {
    this.response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
  }

  /** One object of an NDJSON answer; the first one sends the headers. Does not wait: lines are few and short. */
  line(object: { readonly type: string }): void {
    if (this.response.destroyed) return;
    if (!this.response.headersSent) this.response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    this.response.write(`${JSON.stringify(object)}\n`);
  }

  /** The same, and waits when the client does not read. */
  async lineInTurn(object: { readonly type: string }): Promise<void> {
    this.line(object);
    if (this.response.writableNeedDrain) await once(this.response, 'drain', { signal: this.signal });
  }

  /** The last object of an NDJSON answer. */
  done(object: object): void {
    this.line({ type: 'done', ...object });
    this.response.end();
  }

  /** Whatever went wrong, in the form that still fits: a status, a last line, or a broken connection. */
  fail(thrown: unknown): void {
    const error = asDhtError(thrown);
    const { response } = this;
    if (response.destroyed || response.writableEnded) return;
    const text = `${JSON.stringify(error.toApi())}\n`;
    if (!response.headersSent) {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      response.writeHead(statusOf(error.exitCode), headers).write(text);
      this.endWhenRead();
    } else if (response.getHeader('content-length') === undefined) {
      response.write(text);
      this.endWhenRead();
    } else response.destroy();
  }

  /**
   * Closing a connection on which bytes keep arriving resets it, and then the client never sees the answer. So the rest of the
   * body is read and thrown away until the client has had enough, though not for long.
   */
  private endWhenRead(): void {
    const { request, response } = this;
    if (request.complete) {
      response.end();
      return;
    }
    const late = setTimeout(() => request.destroy(), lingerMs);
    request.once('close', () => {
      clearTimeout(late);
      response.end();
    });
    request.resume();
  }
}

const statuses: Readonly<Record<ExitCode, number>> = {
  [exitCodes.ok]: 200,
  [exitCodes.error]: 500,
  [exitCodes.usage]: 400,
  [exitCodes.notFound]: 404,
  [exitCodes.timeout]: 504,
  [exitCodes.quorumNotMet]: 503,
  [exitCodes.integrity]: 502,
  [exitCodes.unreachable]: 503,
  [exitCodes.conflict]: 409,
  [exitCodes.full]: 507,
  [exitCodes.unavailable]: 503,
  [exitCodes.interrupted]: 503,
};

function statusOf(exitCode: ExitCode): number {
  return statuses[exitCode];
}
