import { styleText } from 'node:util';
import { ApiClient, resolvePath, systemCode } from '@dht/node';
import type { Io } from './io.ts';
import { ProgressLine } from './output/progress.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly path?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Whoever read our output has closed the pipe, because it has seen enough: `dht cat … | head`. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

/** One invocation of the command: its streams, its global options, and the daemon that it talks to. */
export class Session {
  readonly io: Io;
  /** Known once the arguments have been read. */
  options: GlobalOptions = {};

  constructor(io: Io) {
    this.io = io;
  }

  get json(): boolean {
    return this.options.json === true;
  }

  get path(): string {
    return resolvePath(this.options.path, this.io.env);
  }

  /** The daemon of this path. Throws 7 when none runs there. */
  client(): Promise<ApiClient> {
    return ApiClient.open(this.path);
  }

  /** Writes data and waits until the reader has room. Rejects with `ReaderGone` when there is no reader any more. */
  write(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.io.stdout.write(data, (error) => {
        if (!error) resolve();
        else reject(systemCode(error) === 'EPIPE' ? new ReaderGone('nobody reads', { cause: error }) : error);
      });
    });
  }

  print(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  /** One object on one line. */
  printJson(value: unknown): Promise<void> {
    return this.print(JSON.stringify(value));
  }

  /** The answer of a command: the object itself with `--json`, else what `human` makes of it. */
  answer<T>(value: T, human: (value: T) => string): Promise<void> {
    return this.json ? this.printJson(value) : this.print(human(value));
  }

  /** Something a person should know that is no data. Not with `-q`, and not with `--json`, where the object says it. */
  note(text: string): void {
    if (this.options.quiet !== true && !this.json) this.warn(text);
  }

  /** Something a person must know. */
  warn(text: string): void {
    this.io.stderr.write(`${text}\n`);
  }

  /** A line on a terminal's stderr that shows how far a command is; nothing elsewhere or with `-q`. */
  progress(enabled: boolean, text: (nowMs: number) => string): ProgressLine {
    return new ProgressLine(this.io.stderr, enabled && this.options.quiet !== true, () => this.io.monoMs(), text);
  }

  /** Colours for stdout; none on a pipe, with `NO_COLOR` or on a dumb terminal. */
  style(format: 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan', text: string): string {
    const { stdout, env } = this.io;
    const plain = stdout.isTTY !== true || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
    return plain ? text : styleText(format, text, { validateStream: false });
  }
}
