import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type ApiClient, DhtError, exitCodes, type ListEntry, systemCode } from '@dht/node';
import { safePath } from './entry-name.ts';
import { commit, syncFolder, type Target } from './target.ts';

/** Small files are fetched several at a time, because each costs a round trip or two. */
const filesInFlight = 4;

export interface FetchOptions {
  readonly client: ApiClient;
  readonly signal: AbortSignal;
  readonly force: boolean;
  readonly onBytes: (count: number) => void;
  /** Bytes that an earlier try brought. */
  readonly onSkipped: (count: number) => void;
}

/** Fetches one file to its target, continuing where an earlier try ended. `cid` may be followed by a path. */
export async function fetchFile(cid: string, size: number, target: Target, options: FetchOptions): Promise<void> {
  await writeFile(cid, size, target.partial, options);
  await commit(target.partial, target, options.force);
}

export interface FolderResult {
  readonly files: number;
  /** Symbolic links are not made: where they point to is a stranger's choice. */
  readonly skippedLinks: readonly string[];
}

/**
 * Fetches everything in a folder to its target, continuing where an earlier try ended. Beside the tree that is growing,
 * unfinished files are kept under the number of their entry, so that no name in the tree can be in their way.
 */
export async function fetchFolder(entries: readonly ListEntry[], target: Target, options: FetchOptions): Promise<FolderResult> {
  const plan = planFolder(entries);
  const tree = join(target.partial, 'tree');
  const folders = [target.partial, tree, ...plan.folders.map(({ names }) => join(tree, ...names))];
  for (const folder of folders) await makeFolder(folder);
  await fetchSeveral(plan.files.entries(), options.signal, ([index, { names, entry }], signal) =>
    fetchEntry(entry, join(target.partial, String(index)), join(tree, ...names), { ...options, signal }),
  );
  for (const folder of folders.slice(1).reverse()) await syncFolder(folder);
  await commit(tree, target, options.force);
  await rm(target.partial, { recursive: true, force: true });
  return { files: plan.files.length, skippedLinks: plan.links };
}

/** Fetches a few at a time. The first that fails ends the others too, and its error is thrown once nothing writes any more. */
async function fetchSeveral<T>(
  items: Iterator<T>,
  signal: AbortSignal,
  fetchOne: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  let failure: unknown;
  const fetchNext = async (): Promise<void> => {
    // They share one iterator: each takes the next when it has finished its last.
    for (let next = items.next(); next.done !== true && !either.aborted; next = items.next()) {
      await fetchOne(next.value, either).catch((error: unknown) => {
        failure ??= error;
        failed.abort();
      });
    }
  };
  await Promise.all(Array.from({ length: filesInFlight }, fetchNext));
  signal.throwIfAborted();
  if (failed.signal.aborted) throw failure;
}

interface Planned {
  readonly names: readonly string[];
  readonly entry: ListEntry;
}

/** Checks every name before anything is written. */
export function planFolder(entries: readonly ListEntry[]): {
  folders: readonly Planned[];
  files: readonly Planned[];
  links: readonly string[];
} {
  const planned = entries.map((entry) => ({ names: safePath(entry.path), entry }));
  const kinds = new Map<string, ListEntry['kind']>();
  for (const { entry } of planned) {
    if (kinds.has(entry.path)) throw malformed(entry.path, 'twice');
    kinds.set(entry.path, entry.kind);
  }
  for (const { entry } of planned) {
    const parent = entry.path.slice(0, Math.max(0, entry.path.lastIndexOf('/')));
    if (parent !== '' && kinds.get(parent) !== 'directory') throw malformed(entry.path, 'below something that is no folder');
  }
  const folders = planned.filter(({ entry }) => entry.kind === 'directory').sort((a, b) => a.names.length - b.names.length);
  const files = planned.filter(({ entry }) => entry.kind === 'file');
  return { folders, files, links: planned.filter(({ entry }) => entry.kind === 'symlink').map(({ entry }) => entry.path) };
}

async function fetchEntry(entry: ListEntry, partial: string, path: string, options: FetchOptions): Promise<void> {
  const size = entry.size ?? 0;
  const there = await lstat(path).catch(() => undefined);
  if (there?.isFile() && there.size === size) {
    // An earlier try brought it; it got this name only when it was whole.
    options.onSkipped(size);
    return;
  }
  await writeFile(entry.cid, size, partial, options);
  await rename(partial, path);
}

/** Brings `path` to `size` bytes of content and makes them durable. What is there already is the content's beginning. */
async function writeFile(cid: string, size: number, path: string, options: FetchOptions): Promise<void> {
  const file = await openPartial(path);
  try {
    const { size: there } = await file.stat();
    if (there > size) await file.truncate(0);
    let position = there > size ? 0 : there;
    options.onSkipped(position);
    if (position < size) {
      const download = await options.client.get(cid, { offset: position, signal: options.signal });
      for await (const chunk of download.body) {
        await writeAll(file, chunk, position, path);
        position += chunk.length;
        options.onBytes(chunk.length);
      }
    }
    if (position !== size) {
      throw new DhtError(exitCodes.integrity, `${basename(path)} has ${position} bytes, but its folder or root says ${size}`, {
        hint: 'Remove it and try again.',
      });
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array, position: number, path: string): Promise<void> {
  let written = 0;
  try {
    while (written < chunk.length) written += (await file.write(chunk, written, chunk.length - written, position + written)).bytesWritten;
  } catch (error) {
    if (systemCode(error) !== 'ENOSPC' && systemCode(error) !== 'EDQUOT') throw error;
    throw new DhtError(exitCodes.full, `the disk is full: ${dirname(path)} has no room for the rest`, {
      hint: 'Make room and run the same command again: it goes on where it ended.',
      cause: error,
    });
  }
}

/** Never through a symbolic link, which somebody else may have put there. */
async function openPartial(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o666);
  } catch (error) {
    throw unwritable(path, error);
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw unwritable(path, error);
    if (!(await lstat(path)).isDirectory()) throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): DhtError {
  const reason = error instanceof Error ? error.message : String(error);
  return new DhtError(exitCodes.error, `${path} cannot be written: ${reason}`, { hint: 'Give another place with -o.', cause: error });
}

function malformed(path: string, how: string): DhtError {
  return new DhtError(exitCodes.integrity, `the folder lists "${path}" ${how}; nothing was written`, {
    hint: '`dht ls -r` shows what it says.',
  });
}
