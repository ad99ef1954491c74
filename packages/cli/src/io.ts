import type { Readable, Writable } from 'node:stream';

/** A stream that may be a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** The process as the commands see it. Tests give their own. */
export interface Io {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: Readable;
  /** Data. */
  readonly stdout: Output;
  /** Everything else. */
  readonly stderr: Output;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** A clock that never goes back, in milliseconds. */
  monoMs(): number;
}

/**
 * The real process. The first signal asks the command to clean up and end; the second ends the process at once, for the case
 * that cleaning up hangs. SIGHUP keeps its meaning: it ends the process, or does nothing under `nohup`.
 */
export function processIo(): Io {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, interrupt);
  // A reader that has seen enough closes the pipe; whoever writes next gets EPIPE through the callback of its write.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  return {
    env: process.env,
    // A getter, because merely touching it opens the file descriptor, which a daemon in the background must not do.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    signal: controller.signal,
    monoMs: () => performance.now(),
  };
}
