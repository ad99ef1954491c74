import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markVariable } from './guard-sweep.ts';

/**
 * The folder of one run, and the promise that nothing of the run stays behind. A second process holds one end of a pipe: when
 * the script ends, in whatever way (Ctrl-C, an exception, `kill -9`), the pipe closes, and the guard kills what the run has
 * started and removes the folder. The processes are known by a variable in their environment, so that none can be missed
 * between its start and some note of its id, and none that merely got the id of a dead one is hit.
 */
export class Guard {
  readonly folder: string;
  private readonly process: ChildProcess;

  private constructor(folder: string, process: ChildProcess) {
    this.folder = folder;
    this.process = process;
  }

  /** `keep`: leave the folder where it is, for someone who wants to read the logs. */
  static async start(name: string, options: { readonly keep: boolean }): Promise<Guard> {
    if (!existsSync('/proc/self/environ')) throw new Error('this program needs /proc, which only Linux has');
    const folder = await mkdtemp(join(tmpdir(), `dht-${name}-`));
    const script = fileURLToPath(new URL('./guard-process.ts', import.meta.url));
    const child = spawn(process.execPath, [script, folder, options.keep ? 'keep' : 'remove'], {
      // A group of its own: Ctrl-C in the terminal must not reach the one that cleans up after it.
      detached: true,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    await once(child, 'spawn');
    child.stdin?.on('error', () => undefined);
    return new Guard(folder, child);
  }

  /** What every process of the run must have in its environment. */
  get environment(): Readonly<Record<string, string>> {
    return { [markVariable]: basename(this.folder) };
  }

  /** Kills what is left, removes the folder, and resolves when that is done. */
  async close(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const exit = once(this.process, 'exit');
    this.process.stdin?.end();
    await exit;
  }
}
