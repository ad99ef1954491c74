import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dhtCommand } from '../../scripts/lib/daemon-process.ts';

/** Longer than anything in these tests takes on a busy machine. */
const patienceMs = 60_000;

export interface CommandOptions {
  /** `DHT_PATH`. */
  readonly path: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  readonly cwd?: string;
}

export interface CommandResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  /** The same as bytes. */
  readonly bytes: Buffer;
  readonly stderr: string;
}

/** One `dht` command as a process of its own: the bundle, as a user runs it. */
export class Command {
  readonly child: ChildProcess;
  readonly ended: Promise<CommandResult>;
  private readonly args: readonly string[];
  private readonly out: Buffer[] = [];
  private readonly err: Buffer[] = [];

  constructor(args: readonly string[], options: CommandOptions) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('DHT_') && name !== 'npm_command');
    this.args = args;
    this.child = spawn(dhtCommand, [...args], {
      env: { ...Object.fromEntries(inherited), DHT_PATH: options.path, ...options.environment },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdio: 'pipe',
    });
    this.child.stdout?.on('data', (chunk: Buffer) => this.out.push(chunk));
    this.child.stderr?.on('data', (chunk: Buffer) => this.err.push(chunk));
    // A command that ends before it has read everything closes the pipe.
    this.child.stdin?.on('error', () => undefined);
    if (options.stdin !== undefined) this.child.stdin?.end(options.stdin);
    this.ended = once(this.child, 'close').then(([code]) => ({
      code,
      stdout: this.stdout,
      bytes: Buffer.concat(this.out),
      stderr: this.stderr,
    }));
  }

  get stdout(): string {
    return Buffer.concat(this.out).toString();
  }

  get stderr(): string {
    return Buffer.concat(this.err).toString();
  }

  /** Waits until the output matches. Rejects when the command ends first. */
  async untilPrinted(pattern: RegExp): Promise<RegExpExecArray> {
    const late = AbortSignal.timeout(patienceMs);
    let over: string | undefined;
    void this.ended.then(({ code }) => {
      over = `ended with code ${code}`;
    });
    while (true) {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (match !== null) return match;
      over ??= late.aborted ? `said nothing like ${pattern} for ${patienceMs} ms` : undefined;
      if (over !== undefined) throw new Error(`dht ${this.args.join(' ')} ${over}:\n${this.stdout}\n${this.stderr}`);
      await Promise.race([
        once(this.child.stdout ?? this.child, 'data'),
        once(this.child.stderr ?? this.child, 'data'),
        this.ended,
        once(late, 'abort'),
      ]);
    }
  }
}
