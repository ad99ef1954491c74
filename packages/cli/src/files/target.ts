import { lstatSync, statSync } from 'node:fs';
import { lstat, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DhtError, exitCodes, systemCode } from '@dht/node';

/** Where a fetch ends: everything is written beside the target under `partial` and renamed when it is whole. */
export interface Target {
  readonly path: string;
  /** Named after the CID, so that what is found there on a second try is the beginning of the same content. */
  readonly partial: string;
}

/**
 * `output` is the final name; one that ends in `/`, or is `.` or `..`, is a folder to put `name` into.
 * Throws 8 when the target exists and `force` is not set, or is of another kind than what shall replace it.
 */
export function chooseTarget(output: string | undefined, name: string, cid: string, kind: 'file' | 'directory', force: boolean): Target {
  const into = output !== undefined && /(^|\/)\.{0,2}$/.test(output);
  const path = resolve(output === undefined ? name : into ? join(output, name) : output);
  const folder = dirname(path);
  assertFolder(folder);
  const existing = lstatSync(path, { throwIfNoEntry: false });
  if (existing !== undefined) {
    if (!force) throw conflict(path, 'exists already', 'Give another name with -o, or --force to replace it.');
    if (existing.isDirectory() !== (kind === 'directory')) {
      const what = existing.isDirectory() ? 'a folder, but what was asked for is a file' : 'no folder, but what was asked for is one';
      throw conflict(path, `is ${what}`, 'Give another name with -o.');
    }
  }
  return { path, partial: join(folder, `.${shortened(basename(path))}.${cid}.part`) };
}

/** Makes `whole` the target, at once for everyone who looks. */
export async function commit(whole: string, target: Target, force: boolean): Promise<void> {
  const existing = await lstat(target.path).catch(() => undefined);
  if (existing !== undefined && !force) {
    throw conflict(
      target.path,
      'was made by somebody else meanwhile',
      `The content is whole in ${whole}: rename it, or run again with --force.`,
    );
  }
  if (existing?.isDirectory()) {
    // A folder cannot be renamed over one with content.
    const old = `${target.partial}.replaced`;
    await rename(target.path, old);
    await rename(whole, target.path);
    await rm(old, { recursive: true, force: true });
  } else {
    await rename(whole, target.path);
  }
  await syncFolder(dirname(target.path));
}

/** Makes the names in a folder durable, where the system can. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch (error) {
    // Some file systems have no fsync for folders.
    if (systemCode(error) !== 'EINVAL' && systemCode(error) !== 'EPERM') throw error;
  } finally {
    await folder.close();
  }
}

function assertFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new DhtError(exitCodes.error, `there is no folder ${path} to write into`, {
    hint: 'Make it with mkdir -p, or give another name with -o.',
  });
}

function conflict(path: string, what: string, hint: string): DhtError {
  return new DhtError(exitCodes.conflict, `${path} ${what}`, { hint });
}

/** A name that leaves room for what is put around it. */
function shortened(name: string): string {
  let short = name;
  while (Buffer.byteLength(short) > 150) short = short.slice(0, -1);
  return short;
}
