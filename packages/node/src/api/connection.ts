import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DhtError, isAbort, systemCode } from '../error.ts';
import { type ApiError, type ApiFile, exitCodes } from './contract.ts';

export interface Call {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** Path and query, encoded. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
}

/** An answer under way. `failure` is why the body could not be sent, when that is so. */
interface Answer {
  readonly response: IncomingMessage;
  failure(): unknown;
}

/** HTTP to one daemon: every failure is a `DhtError`, except those of a body's own source, which pass through. */
export class Connection {
  private readonly file: ApiFile;

  constructor(file: ApiFile) {
    this.file = file;
  }

  async json<T>(call: Call): Promise<T> {
    return JSON.parse(await this.text(call));
  }

  async text(call: Call): Promise<string> {
    const { response, failure } = await this.answer(call);
    try {
      return await readText(response);
    } catch (error) {
      throw failure() ?? this.asDhtError(error);
    }
  }

  /** The objects of an NDJSON answer, the last one (`done`) included. Throws what an `error` object says. */
  async *lines<T extends { readonly type: string }>(call: Call): AsyncGenerator<T, void> {
    const { response, failure } = await this.answer(call);
    let ended = false;
    try {
      for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })) {
        const object: T | ApiError = JSON.parse(line);
        ended = object.type === 'done' || object.type === 'error';
        if (object.type === 'error') throw DhtError.fromApi(object as ApiError);
        yield object as T;
      }
      if (!ended) throw failure() ?? closed();
    } catch (error) {
      throw ended ? error : (failure() ?? this.asDhtError(error));
    } finally {
      // Also after an error: the body may still be on its way.
      response.destroy();
    }
  }

  /** The answer with its headers; its body is for the caller to read. */
  async response(call: Call): Promise<IncomingMessage> {
    return (await this.answer(call)).response;
  }

  /** A broken connection, a refused one or an interruption as a `DhtError`; anything else unchanged. */
  asDhtError(error: unknown): unknown {
    if (isAbort(error)) return new DhtError(exitCodes.interrupted, 'interrupted', { cause: error });
    const code = systemCode(error) ?? '';
    if (code === 'ECONNREFUSED') return unreachable(`the daemon (process ${this.file.pid}) does not answer`, error);
    return ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(code) ? closed(error) : error;
  }

  private async answer(call: Call): Promise<Answer> {
    const answer = await this.send(call);
    const { response } = answer;
    if ((response.statusCode ?? 500) < 400) return answer;
    throw await readError(response);
  }

  private send(call: Call): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const { address: host, port, token } = this.file;
    const text = call.json === undefined ? undefined : JSON.stringify(call.json);
    const headers = {
      authorization: `Bearer ${token}`,
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      ...call.headers,
    };
    const { method, target: path, signal } = call;
    const outgoing = request({ host, port, method, path, headers, agent: false, ...(signal === undefined ? {} : { signal }) });
    let failure: unknown;
    outgoing.once('response', (response) => resolve({ response, failure: () => failure }));
    outgoing.on('error', (error) => reject(failure ?? this.asDhtError(error)));
    if (call.body === undefined) outgoing.end(text);
    else {
      // An error of the source is what the user wants to hear; one of the connection comes with the answer or instead of it.
      const source = remember(call.body, (error) => {
        failure = error;
      });
      pipeline(Readable.from(source, { objectMode: false }), outgoing).catch(() => {});
    }
    return promise;
  }
}

async function* remember(source: AsyncIterable<Uint8Array>, onError: (error: unknown) => void): AsyncGenerator<Uint8Array, void> {
  try {
    yield* source;
  } catch (error) {
    onError(error);
    throw error;
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

async function readError(response: IncomingMessage): Promise<DhtError> {
  const text = await readText(response).catch(() => '');
  // The body of the request may still be on its way.
  response.destroy();
  try {
    const error: ApiError = JSON.parse(text);
    if (error.type === 'error') return DhtError.fromApi(error);
  } catch {
    // Not an answer of this API.
  }
  return new DhtError(exitCodes.error, `the daemon answered ${response.statusCode}: ${text.slice(0, 200)}`);
}

export function unreachable(message: string, cause?: unknown): DhtError {
  return new DhtError(exitCodes.unreachable, message, { hint: 'Start one with `dht start` or `dht join <multiaddr>`.', cause });
}

function closed(cause?: unknown): DhtError {
  return new DhtError(exitCodes.unreachable, 'the daemon closed the connection before its answer was complete', {
    hint: 'See whether it still runs with `dht status`; then run the command again.',
    cause,
  });
}
