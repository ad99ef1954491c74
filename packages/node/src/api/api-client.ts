import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DhtError, systemCode } from '../error.ts';
import { Connection, unreachable } from './connection.ts';
import {
  type ApiFile,
  exitCodes,
  type IdReply,
  type LeafSetReply,
  type LeaveProgress,
  type ListEntry,
  type LookupReply,
  type PeerReply,
  type PutProgress,
  type PutReply,
  type RoutesReply,
  type StatusReply,
  type WhereBlock,
  type WhereSummary,
} from './contract.ts';

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface PutOptions extends RequestOptions {
  /** Bytes of the body when known. */
  readonly size?: number | undefined;
  readonly onProgress?: ((progress: PutProgress) => void) | undefined;
}

export interface GetOptions extends RequestOptions {
  /** First byte wanted. */
  readonly offset?: number | undefined;
  /** Bytes wanted; up to the end when absent. */
  readonly length?: number | undefined;
}

export interface LeaveOptions extends RequestOptions {
  readonly timeoutMs: number;
  readonly onProgress?: ((progress: LeaveProgress) => void) | undefined;
}

export interface ListOptions extends RequestOptions {
  readonly recursive?: boolean | undefined;
}

/** A file on its way. `body` ends with a `DhtError` when fewer than `size` bytes came. */
export interface Download {
  /** Bytes that `body` will give. */
  readonly size: number;
  /** Bytes of the whole file. */
  readonly total: number;
  /** Milliseconds inside the daemon until the first bytes were at hand, when it tells. */
  readonly openMs?: number | undefined;
  readonly body: Readable;
}

/** Talks to the daemon of one path. Every failure is a `DhtError` with the exit code of the command line. */
export class ApiClient {
  /** Process id of the daemon. */
  readonly pid: number;
  private readonly connection: Connection;

  private constructor(file: ApiFile) {
    this.pid = file.pid;
    this.connection = new Connection(file);
  }

  /** Finds the daemon through `<path>/api.json`. Throws 7 when none runs there. Does not connect yet. */
  static async open(path: string): Promise<ApiClient> {
    const name = join(path, 'api.json');
    try {
      return new ApiClient(JSON.parse(await readFile(name, 'utf8')));
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') throw unreachable(`no daemon runs at ${path}`, error);
      const reason = error instanceof Error ? error.message : String(error);
      throw new DhtError(exitCodes.unreachable, `cannot read ${name}: ${reason}`, {
        hint: 'Restart the daemon of this path.',
        cause: error,
      });
    }
  }

  status(options: RequestOptions = {}): Promise<StatusReply> {
    return this.read('/v1/status', options);
  }

  id(options: RequestOptions = {}): Promise<IdReply> {
    return this.read('/v1/id', options);
  }

  peers(options: RequestOptions = {}): Promise<readonly PeerReply[]> {
    return this.read('/v1/peers', options);
  }

  leafSet(options: RequestOptions = {}): Promise<LeafSetReply> {
    return this.read('/v1/leafset', options);
  }

  routes(options: RequestOptions = {}): Promise<RoutesReply> {
    return this.read('/v1/routes', options);
  }

  /** Prometheus text. */
  metrics(options: RequestOptions = {}): Promise<string> {
    return this.connection.text({ method: 'GET', target: '/metrics', signal: options.signal });
  }

  /** Tells the running daemon to join through any of these. */
  async join(multiaddrs: readonly string[], options: RequestOptions = {}): Promise<IdReply> {
    const call = { method: 'POST', target: '/v1/join', json: { multiaddrs }, signal: options.signal } as const;
    const { type: _, ...identity } = await finish(this.connection.lines<IdReply & { type: 'done' }>(call), () => {});
    return identity;
  }

  /** Hands the arcs over and ends the daemon. */
  leave(options: LeaveOptions): Promise<{ readonly outcome: string }> {
    const call = { method: 'POST', target: '/v1/leave', json: { timeoutMs: options.timeoutMs }, signal: options.signal } as const;
    return finish(this.connection.lines<{ type: 'done'; outcome: string } | LeaveProgress>(call), options.onProgress);
  }

  /** Ends the daemon now. */
  async stop(options: RequestOptions = {}): Promise<void> {
    await this.connection.text({ method: 'POST', target: '/v1/stop', signal: options.signal });
  }

  /** Stores a file. The error of a put below w carries CID and receipt (exit code 5). */
  putFile(body: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<PutReply> {
    return this.put('/v1/files', body, options);
  }

  /** Stores a folder given as a tar stream of its content. */
  putFolder(tar: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<PutReply> {
    return this.put('/v1/folders', tar, options);
  }

  /** `target` is a CID, optionally followed by `/path/in/folder`. */
  async get(target: string, options: GetOptions = {}): Promise<Download> {
    const { offset = 0, length, signal } = options;
    // A range cannot be empty: ask for all of it and read nothing.
    const ranged = length !== 0 && (offset > 0 || length !== undefined);
    const headers = ranged ? { range: `bytes=${offset}-${length === undefined ? '' : offset + length - 1}` } : {};
    const response = await this.connection.response({ method: 'GET', target: `/v1/files/${encodeTarget(target)}`, headers, signal });
    const size = Number(response.headers['content-length']);
    const total = Number(/\/(\d+)$/.exec(response.headers['content-range'] ?? '')?.[1] ?? size);
    const openMs = openTime(response.headers['server-timing']);
    if (length !== 0) return { size, total, openMs, body: Readable.from(this.whole(response, size), { objectMode: false }) };
    response.destroy();
    return { size: 0, total, openMs, body: Readable.from([]) };
  }

  /** What a folder holds; of a file or symbolic link that one itself. */
  async *ls(target: string, options: ListOptions = {}): AsyncGenerator<ListEntry, void> {
    const query = options.recursive === true ? '?recursive=1' : '';
    const call = { method: 'GET', target: `/v1/ls/${encodeTarget(target)}${query}`, signal: options.signal } as const;
    for await (const line of this.connection.lines<ListEntry | { type: 'done' }>(call)) if (line.type === 'entry') yield line;
  }

  /** Block by block, who holds it; the summary is the generator's return value. */
  async *where(cid: string, options: RequestOptions = {}): AsyncGenerator<WhereBlock, WhereSummary> {
    const call = { method: 'GET', target: `/v1/where/${encodeTarget(cid)}`, signal: options.signal } as const;
    for await (const line of this.connection.lines<WhereBlock | WhereSummary>(call)) {
      if (line.type === 'done') return line;
      yield line;
    }
    throw incomplete();
  }

  /** `target` is a CID, a key or a node's id. */
  lookup(target: string, mode: 'recursive' | 'iterative', options: RequestOptions = {}): Promise<LookupReply> {
    return this.read(`/v1/lookup/${encodeTarget(target)}?mode=${mode}`, options);
  }

  private read<T>(target: string, options: RequestOptions): Promise<T> {
    return this.connection.json({ method: 'GET', target, signal: options.signal });
  }

  private put(target: string, body: AsyncIterable<Uint8Array>, options: PutOptions): Promise<PutReply> {
    const headers: Record<string, string> = options.size === undefined ? {} : { 'content-length': String(options.size) };
    return finish(
      this.connection.lines<PutReply | PutProgress>({ method: 'PUT', target, body, headers, signal: options.signal }),
      options.onProgress,
    );
  }

  private async *whole(response: IncomingMessage, size: number): AsyncGenerator<Uint8Array, void> {
    let received = 0;
    try {
      for await (const chunk of response) {
        received += chunk.length;
        yield chunk;
      }
    } catch (error) {
      const mapped = this.connection.asDhtError(error);
      if (!(mapped instanceof DhtError) || mapped.exitCode !== exitCodes.unreachable) throw mapped;
    }
    if (received === size) return;
    throw new DhtError(exitCodes.unavailable, `the transfer broke off after ${received} of ${size} bytes`, {
      hint: 'Run the command again: it goes on where it stopped.',
    });
  }
}

/** Reads progress to the end and returns the last object. */
async function finish<L extends { readonly type: 'progress' | 'done' }>(
  lines: AsyncGenerator<L, void>,
  onProgress: ((progress: Extract<L, { type: 'progress' }>) => void) | undefined,
): Promise<Extract<L, { type: 'done' }>> {
  for await (const line of lines) {
    if (line.type === 'done') return line as Extract<L, { type: 'done' }>;
    onProgress?.(line as Extract<L, { type: 'progress' }>);
  }
  throw incomplete();
}

/** The duration of `open` in a Server-Timing header. */
function openTime(header: string | readonly string[] | undefined): number | undefined {
  const duration = /(?:^|[\s,])open;dur=([\d.]+)/.exec(String(header))?.[1];
  return duration === undefined ? undefined : Number(duration);
}

function incomplete(): DhtError {
  return new DhtError(exitCodes.error, 'the daemon ended its answer without a result');
}

/** Names like `..` would be taken for steps of the URL, not for names in a folder, and no folder has them. */
function encodeTarget(target: string): string {
  const names = target.split('/');
  if (!names.some((name) => name === '.' || name === '..')) return names.map(encodeURIComponent).join('/');
  throw new DhtError(exitCodes.usage, `"${target}" is not a CID with a path: no name in it can be . or ..`, {
    hint: 'Write <cid> or <cid>/path/in/folder.',
  });
}
