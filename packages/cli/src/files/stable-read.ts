import type { BigIntStats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { DhtError, exitCodes, systemCode } from '@dht/node';

const chunkBytes = 256 * 1024;

/** What a file was like when the put began: when any of it differs later, it is another file. */
export interface FileState {
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly device: bigint;
  readonly inode: bigint;
}

export function fileState(stats: BigIntStats): FileState {
  return { size: Number(stats.size), mtimeNs: stats.mtimeNs, device: stats.dev, inode: stats.ino };
}

/**
 * The bytes of a file that must still be what `expected` says, before and after. The last chunk is held back until that is
 * known, so that whoever counts bytes never has all of a file that changed while it was read. Throws a `DhtError` otherwise.
 */
export async function* readStable(path: string, expected: FileState): AsyncGenerator<Uint8Array, void> {
  const file = await openStill(path);
  try {
    await assertUnchanged(file, path, expected);
    let held: Uint8Array | undefined;
    let position = 0;
    while (position < expected.size) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(chunkBytes, expected.size - position)), 0, null, position);
      if (bytesRead === 0) throw changed(path);
      position += bytesRead;
      if (held !== undefined) yield held;
      held = buffer.subarray(0, bytesRead);
    }
    await assertUnchanged(file, path, expected);
    if (held !== undefined) yield held;
  } finally {
    await file.close();
  }
}

async function openStill(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') throw vanished(path);
    throw unreadable(path, error);
  }
}

async function assertUnchanged(file: FileHandle, path: string, expected: FileState): Promise<void> {
  const now = fileState(await file.stat({ bigint: true }));
  const same =
    now.size === expected.size && now.mtimeNs === expected.mtimeNs && now.inode === expected.inode && now.device === expected.device;
  if (!same) throw changed(path);
}

function changed(path: string): DhtError {
  return new DhtError(exitCodes.error, `${path} changed while it was read; nothing of this put counts`, {
    hint: 'Run the same command again when nobody writes to it.',
  });
}

export function vanished(path: string): DhtError {
  return new DhtError(exitCodes.error, `${path} vanished while it was read; nothing of this put counts`, {
    hint: 'Run the same command again when nobody changes the folder.',
  });
}

/** The error for a path that cannot be read at all. */
export function unreadable(path: string, error: unknown): DhtError {
  const code = systemCode(error);
  const options = { cause: error };
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new DhtError(exitCodes.notFound, `there is no file or folder ${path}`, {
      ...options,
      hint: 'Check the path, or use `-` for standard input.',
    });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new DhtError(exitCodes.error, `${path} may not be read by this user`, {
      ...options,
      hint: 'Change its permissions or run as its owner.',
    });
  }
  return new DhtError(exitCodes.error, `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, options);
}
