import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ApiClient, exitCodes, type StatusReply } from '@dht/node';
import { cpuTime, type Memory, memory } from './process-stat.ts';

/** The command as `npm ci` builds it: what a user runs. */
export const dhtCommand: string = fileURLToPath(new URL('../../packages/cli/bin/dht.js', import.meta.url));

/** Longer than a cold start of the network takes (`coldStartMs` and its jitter) on a machine that is busy. */
const readyTimeoutMs = 60_000;
const statusTimeoutMs = 10_000;
/** Beyond the deadline of a leave, until the process has to be gone. */
const leaveGraceMs = 10_000;

export interface DaemonSettings {
  /** `DHT_PATH` of the daemon. */
  readonly path: string;
  /** TCP port on 127.0.0.1, 0 for any. */
  readonly port: number;
  /** Addresses to join through. Absent: `dht start`, which founds a network on an empty path and rejoins on any other. */
  readonly join?: readonly string[] | undefined;
  /** Further environment, such as `DHT_REPLICAS` and the mark of the guard. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What the script did to a daemon; a request through it while this changes tells nothing about the system. */
export type DaemonState = 'running' | 'paused' | 'leaving' | 'ended';

/** One real daemon: the bundled command in a process of its own. */
export class DaemonProcess {
  readonly pid: number;
  readonly settings: DaemonSettings;
  /** `performance.now()` of the spawn. */
  readonly spawnedAtMs: number;
  /** Resolves when the daemon has said `Daemon is ready`: it is a member now. Rejects when it ended or said nothing in time. */
  readonly ready: Promise<void>;
  /** `performance.now()` when it said so. */
  readyAtMs: number | undefined;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  /** Whether it ended although nobody told it to. A start that found nobody to join through has not crashed: it said so. */
  crashed = false;
  state: DaemonState = 'running';
  /** Grows whenever the script stops, continues, kills or sends away this daemon. */
  disturbances = 0;
  /** The last known, also when the process is gone: `sample` renews them. */
  cpuSeconds = 0;
  memory: Memory = { rssBytes: 0, rssBytesMax: 0 };
  private readonly child: ChildProcess;
  private api: ApiClient | undefined;

  private constructor(child: ChildProcess, pid: number, settings: DaemonSettings) {
    this.child = child;
    this.pid = pid;
    this.settings = settings;
    this.spawnedAtMs = performance.now();
    this.ended = once(child, 'exit').then(([code]) => this.noteExit(code));
    this.ready = this.awaitReady(child);
    // Whoever waits hears of it; a daemon that nobody waits for may fail in peace.
    this.ready.catch(() => undefined);
  }

  /** The log is appended to `<path>.log`, beside the path, so that it outlives the daemon's disk. */
  static spawn(settings: DaemonSettings): DaemonProcess {
    mkdirSync(dirname(settings.path), { recursive: true });
    const log = openSync(`${settings.path}.log`, 'a');
    try {
      const child = spawn(dhtCommand, [...commandOf(settings)], {
        env: { ...ownEnvironment(), DHT_PATH: settings.path, DHT_LISTEN: `/ip4/127.0.0.1/tcp/${settings.port}`, ...settings.environment },
        // A session of its own, so that Ctrl-C in the terminal reaches the script alone, which then ends the daemons.
        detached: true,
        stdio: ['ignore', 'pipe', log],
      });
      if (child.pid === undefined) throw new Error(`could not start ${dhtCommand}: is it built (npm run build)?`);
      return new DaemonProcess(child, child.pid, settings);
    } finally {
      closeSync(log);
    }
  }

  get path(): string {
    return this.settings.path;
  }

  get alive(): boolean {
    return this.state !== 'ended';
  }

  async client(): Promise<ApiClient> {
    this.api ??= await ApiClient.open(this.path);
    return this.api;
  }

  async status(): Promise<StatusReply> {
    const client = await this.client();
    return client.status({ signal: AbortSignal.timeout(statusTimeoutMs) });
  }

  /** `kill -9`. */
  kill(): void {
    this.sample();
    this.note('ended');
    this.signal('SIGKILL');
  }

  /** SIGSTOP: the process freezes, its connections stay open. */
  pause(): void {
    this.note('paused');
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
    if (this.state === 'paused') this.note('running');
  }

  /** `dht leave`: hands its arcs over and ends. Gives how that went. */
  async leave(timeoutMs: number): Promise<string> {
    this.sample();
    this.note('leaving');
    const client = await this.client();
    const late = AbortSignal.timeout(timeoutMs + leaveGraceMs);
    const { outcome } = await client.leave({ timeoutMs, signal: late });
    const gone = await Promise.race([this.ended.then(() => true), once(late, 'abort').then(() => false)]);
    if (!gone) throw new Error(`said ${outcome}, but did not end`);
    return outcome;
  }

  /** Ctrl-C. */
  async stop(): Promise<void> {
    this.sample();
    this.note('leaving');
    this.signal('SIGINT');
    await this.ended;
  }

  /** Renews `cpuSeconds` and `memory`. A daemon that has ended keeps the last known figures. */
  sample(): void {
    if (!this.alive) return;
    this.cpuSeconds = cpuTime(this.pid)?.own ?? this.cpuSeconds;
    this.memory = memory(this.pid) ?? this.memory;
  }

  /** The end of its log, for someone who asks why it failed. */
  logTail(lines: number): string {
    return readFileSync(`${this.path}.log`, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  private note(state: DaemonState): void {
    this.state = state;
    this.disturbances++;
  }

  private noteExit(code: number | null): void {
    const foundNobody = this.readyAtMs === undefined && code === exitCodes.unavailable;
    this.crashed = this.state === 'running' && !foundNobody;
    this.state = 'ended';
  }

  /** Not `process.kill`: the child's own method never hits a stranger that got the id of an ended process. */
  private signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  private async awaitReady(child: ChildProcess): Promise<void> {
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const said = new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        if (line === 'Daemon is ready') resolve();
      });
    });
    const silence = AbortSignal.timeout(readyTimeoutMs);
    const timeout = once(silence, 'abort').then(() => `said nothing for ${readyTimeoutMs} ms`);
    const failure = await Promise.race([said, timeout, this.ended.then(() => 'ended before it was ready')]);
    if (failure !== undefined) throw new Error(`the daemon at ${this.path} ${failure}:\n${this.logTail(10)}`);
    this.readyAtMs = performance.now();
  }
}

function commandOf({ join: addresses }: DaemonSettings): readonly string[] {
  return addresses === undefined ? ['start'] : ['join', ...addresses];
}

/** Without the settings that the user's own daemon may have. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('DHT_')));
}

export function pathIn(folder: string, name: string): string {
  return join(folder, `node-${name}`);
}
