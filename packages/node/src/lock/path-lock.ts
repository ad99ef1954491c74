import { link, mkdir, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exitCodes } from '../api/contract.ts';
import { DhtError, systemCode } from '../error.ts';
import { isSameProcess, type ProcessStamp, stampOf } from './process-stamp.ts';

const namePattern = /^lock-(\d+)$/;
const attemptsMax = 20;

interface LockFile {
  readonly number: number;
  /** Undefined when the lock was given back. */
  readonly holder: ProcessStamp | undefined;
}

/**
 * One daemon per path. The lock is the file `lock-<n>` with the highest number, if the process it names still runs; a process
 * that was killed holds nothing, one that is merely stopped still does. Taking over makes the file with the next number, which
 * the file system grants to one process only, and then looks again for a higher one. Times of files play no part.
 */
export class PathLock {
  private readonly file: string;

  private constructor(file: string) {
    this.file = file;
  }

  /** Throws a `DhtError` 8 that names the holder when another daemon runs at this path, 1 when the path cannot be written. */
  static async acquire(path: string): Promise<PathLock> {
    await makePath(path);
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const highest = await highestLock(path);
      if (highest?.holder !== undefined) throw held(path, highest.holder);
      const number = (highest?.number ?? 0) + 1;
      if (!(await create(path, number))) continue;
      const later = await highestLock(path);
      if (later === undefined || later.number > number) {
        await unlink(join(path, `lock-${number}`)).catch(() => {});
        continue;
      }
      await removeBelow(path, number);
      return new PathLock(join(path, `lock-${number}`));
    }
    throw new DhtError(exitCodes.conflict, `cannot take the lock of ${path}: others keep taking it`, { hint: 'Try again.' });
  }

  /** Gives the lock back. The file stays: its number must not be used twice. */
  async release(): Promise<void> {
    const temporary = `${this.file}.released`;
    await writeFile(temporary, '{}\n');
    await rename(temporary, this.file);
  }
}

async function makePath(path: string): Promise<void> {
  try {
    await makeFolders(path);
    await readdir(path);
  } catch (error) {
    throw notWritable(path, error);
  }
}

/** Level by level, because Node's own recursion never ends under a folder that refuses new ones with ENOENT, as /proc does. */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolders(dirname(path));
    await mkdir(path, { mode: 0o700 }).catch((again) => {
      if (systemCode(again) !== 'EEXIST') throw again;
    });
  }
}

async function create(path: string, number: number): Promise<boolean> {
  const temporary = join(path, `lock-${number}.${process.pid}.${performance.now()}`);
  try {
    await writeFile(temporary, `${JSON.stringify(stampOf(process.pid))}\n`, { mode: 0o600 });
    // Unlike an exclusive open, the file has its content from the first moment on.
    await link(temporary, join(path, `lock-${number}`));
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw notWritable(path, error);
  } finally {
    await unlink(temporary).catch(() => {});
  }
}

async function highestLock(path: string): Promise<LockFile | undefined> {
  const numbers = await lockNumbers(path);
  if (numbers.length === 0) return undefined;
  const number = Math.max(...numbers);
  const stamp = await readStamp(join(path, `lock-${number}`));
  const running = stamp === undefined ? undefined : stampOf(stamp.pid);
  return { number, holder: stamp !== undefined && running !== undefined && isSameProcess(stamp, running) ? stamp : undefined };
}

async function removeBelow(path: string, number: number): Promise<void> {
  for (const lower of await lockNumbers(path)) {
    if (lower < number) await unlink(join(path, `lock-${lower}`)).catch(() => {});
  }
}

async function lockNumbers(path: string): Promise<number[]> {
  return (await readdir(path)).flatMap((name) => namePattern.exec(name)?.[1] ?? []).map(Number);
}

async function readStamp(file: string): Promise<ProcessStamp | undefined> {
  try {
    const { pid, started } = JSON.parse(await readFile(file, 'utf8'));
    return Number.isSafeInteger(pid) && typeof started === 'string' ? { pid, started } : undefined;
  } catch {
    // Gone in the meantime or unreadable after a crash of the machine: nobody holds it.
    return undefined;
  }
}

function held(path: string, holder: ProcessStamp): DhtError {
  return new DhtError(exitCodes.conflict, `a daemon already runs at ${path}: process ${holder.pid}`, {
    hint: 'Stop it with `dht stop`, or choose another path with --path or DHT_PATH.',
  });
}

function notWritable(path: string, error: unknown): DhtError {
  const reason = error instanceof Error ? error.message : String(error);
  return new DhtError(exitCodes.error, `cannot use ${path}: ${reason}`, {
    hint: 'Make it a directory that you can write, or choose another with --path or DHT_PATH.',
    cause: error,
  });
}
