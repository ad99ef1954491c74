import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { exitCodes } from '../api/contract.ts';
import { DhtError } from '../error.ts';

/** The layout of everything below the store's directory. A store of another version is refused, never guessed at. */
const storeFormatVersion = 1;

/** The databases of one store, in one LMDB environment, so that one transaction can change several of them. */
export interface Environment {
  /** Key → `IndexEntry`. */
  readonly index: Database<Buffer, Buffer>;
  /** Key → bytes of a small block. */
  readonly bytes: Database<Buffer, Buffer>;
  /** Name → JSON. */
  readonly meta: Database<unknown, string>;
  /** One atomic transaction; resolves when it is on disk. */
  write(change: () => void): Promise<void>;
  /** The same at once: the process waits for the disk. For what must not be overtaken, and seldom happens. */
  writeSync(change: () => void): void;
  close(): Promise<void>;
}

/** Throws a `DhtError` when the directory cannot be written or holds something else. */
export async function openEnvironment(directory: string): Promise<Environment> {
  const root = await openRoot(directory);
  try {
    const environment = databases(root);
    await checkFormat(environment, directory);
    return environment;
  } catch (error) {
    await root.close();
    throw error;
  }
}

async function openRoot(directory: string): Promise<RootDatabase<Buffer, Buffer>> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return open<Buffer, Buffer>(join(directory, 'index'), {
      encoding: 'binary',
      keyEncoding: 'binary',
      // So a commit is on disk when its promise resolves.
      overlappingSync: false,
      // Every write goes through `write` anyway, and the batch of a turn has a promise that nobody can handle when it fails.
      eventTurnBatching: false,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DhtError(exitCodes.error, `cannot open the store in ${directory}: ${reason}`, {
      hint: 'Check that the directory can be written and holds nothing but a store of this program, or choose another with --path.',
      cause: error,
    });
  }
}

function databases(root: RootDatabase<Buffer, Buffer>): Environment {
  return {
    index: root.openDB<Buffer, Buffer>('index', { encoding: 'binary', keyEncoding: 'binary' }),
    bytes: root.openDB<Buffer, Buffer>('bytes', { encoding: 'binary', keyEncoding: 'binary' }),
    meta: root.openDB<unknown, string>('meta', { encoding: 'json' }),
    async write(change) {
      await root.batch(change);
    },
    writeSync(change) {
      root.transactionSync(change);
    },
    close: () => root.close(),
  };
}

async function checkFormat(environment: Environment, directory: string): Promise<void> {
  const found = environment.meta.get('formatVersion');
  if (found === storeFormatVersion) return;
  if (found === undefined) return environment.write(() => void environment.meta.put('formatVersion', storeFormatVersion));
  throw new DhtError(
    exitCodes.error,
    `the store in ${directory} has format ${String(found)}, but this program reads format ${storeFormatVersion}`,
    { hint: 'Use the version of the program that wrote it, or another --path.' },
  );
}
