import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ApiFile, exitCodes, type IdReply, type LeaveProgress } from './api/contract.ts';
import { fileRoutes } from './api/handlers/files.ts';
import { membershipRoutes } from './api/handlers/membership.ts';
import { viewRoutes } from './api/handlers/views.ts';
import { type ApiServer, startApiServer } from './api/server.ts';
import { Cleanup } from './cleanup.ts';
import type { Config } from './config/config.ts';
import { DhtError } from './error.ts';
import { PathLock } from './lock/path-lock.ts';
import { createLogger } from './logging/logger.ts';
import { type Activation, type LeaveOutcome, Node, type ProtocolOptions } from './node.ts';
import { Store } from './store/store.ts';
import { portIn } from './transport/address-text.ts';
import { Views } from './views.ts';

export type { Activation, LeaveOutcome } from './node.ts';

const mebibyte = 1024 * 1024;
const leaveTimeoutMs = 60_000;
const tokenBytes = 32;

export interface DaemonOptions {
  readonly config: Config;
  /** Addresses to join through, any of them. Absent or empty: a new network on an empty path, a rejoin on one with a network. */
  readonly join?: readonly string[];
  readonly protocol?: ProtocolOptions;
  /** Of the program, for `status` and `id`. */
  readonly version?: string;
}

interface LeaveOptions {
  readonly timeoutMs?: number;
  readonly onProgress?: (progress: LeaveProgress) => void;
  /** Awaited between the hand-over and the stop. */
  readonly onOutcome?: (outcome: LeaveOutcome) => Promise<void>;
  /** Aborted before the hand-over is done, the daemon goes on. */
  readonly signal?: AbortSignal;
}

export interface Daemon {
  readonly identity: IdReply;
  readonly path: string;
  readonly apiPort: number;
  /** Listening addresses with `/p2p/<peer id>`. */
  multiaddrs(): readonly string[];
  /** What the user should know about this start, such as another port than the usual one. */
  readonly notices: readonly string[];
  /** Settles when the node is a member; rejects with a `DhtError` when it could not join. The daemon still runs then: stop it. */
  readonly active: Promise<Activation>;
  /**
   * Settles when the daemon has ended and the process can exit: resolves after `stop`, `leave` or the same through the API,
   * rejects with a `DhtError` (1) when a broken invariant ended it.
   */
  readonly ended: Promise<void>;
  /** Hands the arcs over, then stops; also when the time is over, but not when the others have no room. */
  leave(options?: LeaveOptions): Promise<LeaveOutcome>;
  /** Stops now: what is acknowledged is on disk. May be called more than once. */
  stop(): Promise<void>;
}

/**
 * Starts a daemon at `config.path` and resolves when it listens and serves its API; joining goes on behind `active`.
 * Rejects with a `DhtError`: 8 when another daemon runs at this path, 1 when the path, a port or the store cannot be used.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const undo = new Cleanup();
  try {
    return await RunningDaemon.start(options, undo);
  } catch (error) {
    await undo.run();
    throw error;
  }
}

class RunningDaemon implements Daemon {
  readonly path: string;
  readonly notices: readonly string[];
  private readonly node: Node;
  private readonly views: Views;
  private readonly parts: Cleanup;
  private readonly end: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  private failure: DhtError | undefined;
  private stopping: Promise<void> | undefined;
  private api: ApiServer | undefined;
  private activation: Promise<Activation> = new Promise(() => {});

  private constructor({ config, version = '0.0.0' }: DaemonOptions, node: Node, parts: Cleanup, lastPort: number | undefined) {
    this.path = config.path;
    this.node = node;
    this.parts = parts;
    this.views = new Views(node, config.path, version);
    this.notices = portNotices(config, node.transport.multiaddrs(), lastPort);
    // Nobody has to be interested in it.
    this.end.promise.catch(() => {});
  }

  static async start(options: DaemonOptions, parts: Cleanup): Promise<RunningDaemon> {
    const { config } = options;
    const lock = await PathLock.acquire(config.path);
    parts.add(() => lock.release());
    const log = createLogger(config.logLevel);
    const store = await Store.open({ directory: join(config.path, 'store'), reserveBytes: config.reserveMiB * mebibyte });
    parts.add(() => store.close());
    const onFatal = (error: unknown): void => {
      log.fatal({ error: error instanceof Error ? error.stack : String(error) }, 'a broken invariant: this daemon ends');
      void daemon?.fail(error);
    };
    const lastPort = store.meta.get('port');
    let daemon: RunningDaemon | undefined;
    const node = await Node.start({ config, store, log, protocol: options.protocol ?? {}, join: options.join ?? [], onFatal });
    parts.add(() => node.stop());
    daemon = new RunningDaemon(options, node, parts, lastPort);
    await daemon.serve(config.apiPort);
    daemon.activation = node.activate();
    // Nobody has to be interested in it.
    daemon.activation.catch(() => {});
    return daemon;
  }

  get ended(): Promise<void> {
    return this.end.promise;
  }

  get active(): Promise<Activation> {
    return this.activation;
  }

  get identity(): IdReply {
    return this.views.id();
  }

  get apiPort(): number {
    return this.api?.port ?? 0;
  }

  multiaddrs(): readonly string[] {
    return this.node.transport.multiaddrs();
  }

  async leave(options: LeaveOptions = {}): Promise<LeaveOutcome> {
    const outcome = await this.node.leave(options.timeoutMs ?? leaveTimeoutMs, options.onProgress ?? (() => {}), options.signal);
    await options.onOutcome?.(outcome);
    if (outcome !== 'cancelled' && outcome !== 'no-room') await this.stop();
    return outcome;
  }

  stop(): Promise<void> {
    this.stopping ??= this.parts.run().finally(() => {
      if (this.failure === undefined) this.end.resolve();
      else this.end.reject(this.failure);
    });
    return this.stopping;
  }

  private fail(cause: unknown): Promise<void> {
    this.failure = new DhtError(exitCodes.error, 'a broken invariant ended this daemon; what it stores is on its disk', {
      hint: 'Start it again, and report the log above: this is a bug.',
      cause,
    });
    return this.stop();
  }

  private async serve(port: number): Promise<void> {
    const token = randomBytes(tokenBytes).toString('hex');
    const routes = {
      ...viewRoutes(this.node, this.views),
      ...membershipRoutes(this.node, this.views, this),
      ...fileRoutes(this.node, this.views),
    };
    const api = await startApiServer({ port, token, routes });
    this.api = api;
    this.parts.add(() => api.close());
    const file = join(this.path, 'api.json');
    await writeApiFile(file, { address: '127.0.0.1', port: api.port, token, pid: process.pid });
    this.parts.add(() => rm(file, { force: true }));
  }
}

/** Never seen half written, and never readable by others. */
async function writeApiFile(file: string, content: ApiFile): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  await rm(temporary, { force: true });
  await writeFile(temporary, `${JSON.stringify(content)}\n`, { mode: 0o600, flag: 'wx' });
  await rename(temporary, file);
}

/** The default port is anybody's; that another was taken is for the user to know, once. */
function portNotices({ listen, listenChosen }: Config, multiaddrs: readonly string[], lastPort: number | undefined): readonly string[] {
  if (listenChosen) return [];
  const wanted = [...listen.map(portIn), lastPort];
  const got = [...new Set(multiaddrs.map(portIn))].filter((port) => port !== undefined);
  if (got.some((port) => wanted.includes(port))) return [];
  return [`Port ${lastPort ?? wanted[0]} is taken: listening on port ${got.join(', ')} instead.`];
}
