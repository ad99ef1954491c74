import type { BigIntStats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { DhtError, exitCodes, systemCode } from '@dht/node';
import { type FileState, fileState, unreadable, vanished } from './stable-read.ts';

/** Deeper folders than this are a loop in all likelihood. */
const depthMax = 200;

export interface WalkOptions {
  /** Read what symbolic links point to; otherwise one is an error. */
  readonly followLinks: boolean;
}

export type FolderEntry =
  | { readonly kind: 'directory'; readonly name: string }
  /** `name`: relative to the folder, `/` between names. `path`: where it lies. */
  | { readonly kind: 'file'; readonly name: string; readonly path: string; readonly state: FileState };

/**
 * Everything in a folder, hidden files included, in the order of the bytes of the names and a folder before its content: the
 * same on every machine. Throws a `DhtError` that names what cannot be stored: a symbolic link, a device, a pipe or a socket.
 */
export async function walkFolder(root: string, options: WalkOptions): Promise<readonly FolderEntry[]> {
  const entries: FolderEntry[] = [];
  const stats = await stat(root, { bigint: true });
  await walkInto(root, '', [identity(stats)], options, entries);
  return entries;
}

/** What a path is, following links only when asked to. Throws for what cannot be stored. */
export async function inspect(path: string, options: WalkOptions): Promise<BigIntStats> {
  const stats = await lstat(path, { bigint: true });
  if (!stats.isSymbolicLink()) return stats;
  if (options.followLinks) return await stat(path, { bigint: true });
  throw new DhtError(exitCodes.error, `${path} is a symbolic link`, {
    hint: 'Use --follow-links to store what links point to, or leave it out.',
  });
}

export function assertStorable(path: string, stats: BigIntStats): void {
  if (stats.isFile() || stats.isDirectory()) return;
  const what = stats.isFIFO() ? 'a named pipe' : stats.isSocket() ? 'a socket' : 'a device';
  throw new DhtError(exitCodes.error, `${path} is ${what}, which cannot be stored`, { hint: 'Only files and folders can be.' });
}

async function walkInto(
  folder: string,
  prefix: string,
  above: readonly string[],
  options: WalkOptions,
  entries: FolderEntry[],
): Promise<void> {
  if (above.length > depthMax) throw new DhtError(exitCodes.error, `${folder} lies more than ${depthMax} folders deep`);
  for (const name of await namesIn(folder)) {
    const path = `${folder}/${name}`;
    const stats = await inspectListed(path, options);
    assertStorable(path, stats);
    if (stats.isFile()) {
      entries.push({ kind: 'file', name: prefix + name, path, state: fileState(stats) });
      continue;
    }
    if (above.includes(identity(stats))) {
      throw new DhtError(exitCodes.error, `${path} is a symbolic link to a folder around it`, {
        hint: 'Remove the link, or leave it out.',
      });
    }
    entries.push({ kind: 'directory', name: prefix + name });
    await walkInto(path, `${prefix}${name}/`, [...above, identity(stats)], options, entries);
  }
}

async function inspectListed(path: string, options: WalkOptions): Promise<BigIntStats> {
  try {
    return await inspect(path, options);
  } catch (error) {
    if (error instanceof DhtError) throw error;
    if (systemCode(error) !== 'ENOENT') throw unreadable(path, error);
    const dangling = await lstat(path).then(
      () => true,
      () => false,
    );
    if (!dangling) throw vanished(path);
    throw new DhtError(exitCodes.error, `${path} is a symbolic link to nothing`, { hint: 'Remove it, or leave it out.', cause: error });
  }
}

/** Names as bytes, because a name on disk need not be text; one that is not cannot be named in the network. */
async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { encoding: 'buffer' }).catch((error: unknown) => {
    throw systemCode(error) === 'ENOENT' ? vanished(folder) : unreadable(folder, error);
  });
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return names.sort(Buffer.compare).map((name) => {
    try {
      return decoder.decode(name);
    } catch (error) {
      throw new DhtError(exitCodes.error, `a name in ${folder} is not UTF-8: ${JSON.stringify(name.toString('latin1'))}`, {
        hint: 'Rename it.',
        cause: error,
      });
    }
  });
}

function identity(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`;
}
