import { PassThrough, Readable, Writable } from 'node:stream';
import type { Io, Output } from '../../src/io.ts';
import { run } from '../../src/run.ts';

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly stdin?: readonly (string | Uint8Array)[];
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** Makes stdout and stderr terminals. */
  readonly terminal?: boolean;
  readonly stdout?: Output;
}

/** Runs `dht` with these arguments in this process. */
export async function dht(args: readonly string[], options: CommandOptions = {}): Promise<Result> {
  const out = recorder(options.terminal === true);
  const err = recorder(options.terminal === true);
  let nowMs = 0;
  const io: Io = {
    env: options.env ?? {},
    stdin: Readable.from((options.stdin ?? []).map((chunk) => Buffer.from(chunk))),
    stdout: options.stdout ?? out.output,
    stderr: err.output,
    signal: options.signal ?? new AbortController().signal,
    monoMs: () => (nowMs += 10),
  };
  const code = await run(args, io);
  return { code, stdout: out.text(), stderr: err.text() };
}

/** A reader that closes the pipe at once. */
export function closedPipe(): Output {
  const pipe = new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })) });
  pipe.on('error', () => undefined);
  return pipe;
}

function recorder(isTTY: boolean): { output: Output; text: () => string } {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { output: Object.assign(stream, isTTY ? { isTTY, columns: 100 } : {}), text: () => Buffer.concat(chunks).toString() };
}
