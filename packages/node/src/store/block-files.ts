import { constants } from 'node:fs';
import { mkdir, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../error.ts';

/** Files in one directory: few enough for every file system, enough that a group of writes shares one directory flush. */
const filesPerDirectory = 4096;
const namePattern = /^(\d+)-([0-9a-f]{64})$/;

export interface BlockFile {
  readonly number: number;
  readonly keyHex: string;
}

/**
 * One file for each block that is too large for the database. Reads and writes run in the thread pool, and no mapped page of a
 * block counts in this process's memory. A file's name `<number>-<key>` is never used twice, so a removal cannot hit a newer
 * copy; a file that no index entry names is a leftover of a crash and is swept away.
 */
export class BlockFiles {
  private readonly root: string;
  private nextNumber = 0;
  private readonly directories = new Set<string>();

  private constructor(root: string) {
    this.root = root;
  }

  static async open(root: string): Promise<BlockFiles> {
    const files = new BlockFiles(root);
    await mkdir(root, { recursive: true });
    const directories = await files.listDirectories();
    const last = directories.at(-1);
    if (last !== undefined) {
      const numbers = (await files.listFiles(last)).map((file) => file.number);
      files.nextNumber = Math.max(Number(last) * filesPerDirectory, ...numbers.map((number) => number + 1));
    }
    return files;
  }

  /** Writes the bytes and flushes them; the file's name is durable only after `flushDirectories`. Leaves nothing behind on failure. */
  async write(keyHex: string, bytes: Uint8Array): Promise<number> {
    const file: BlockFile = { number: this.nextNumber++, keyHex };
    await this.makeDirectory(this.directoryOf(file.number));
    const path = this.pathOf(file);
    const handle = await open(path, 'wx', 0o600);
    try {
      await writeAll(handle, bytes);
      await handle.datasync();
      await handle.close();
    } catch (error) {
      await handle.close().catch(() => {});
      await this.remove(file);
      throw error;
    }
    return file.number;
  }

  /** Exactly `size` bytes, or undefined when the file is gone or shorter. */
  async read(file: BlockFile, size: number): Promise<Uint8Array | undefined> {
    const handle = await open(this.pathOf(file), constants.O_RDONLY).catch(ignoreMissing);
    if (handle === undefined) return undefined;
    try {
      const bytes = Buffer.allocUnsafeSlow(size);
      let offset = 0;
      while (offset < size) {
        const { bytesRead } = await handle.read(bytes, offset, size - offset, offset);
        if (bytesRead === 0) return undefined;
        offset += bytesRead;
      }
      return bytes;
    } finally {
      await handle.close();
    }
  }

  /** Makes the names of these files durable. */
  async flushDirectories(numbers: readonly number[]): Promise<void> {
    const directories = new Set(numbers.map((number) => this.directoryOf(number)));
    await Promise.all([...directories].map(flushDirectory));
  }

  async remove(file: BlockFile): Promise<void> {
    await unlink(this.pathOf(file)).catch(ignoreMissing);
  }

  /** Removes files that were there when the sweep began and that `isKept` denies. Returns how many. */
  async sweep(isKept: (file: BlockFile) => boolean): Promise<number> {
    const end = this.nextNumber;
    let removed = 0;
    for (const directory of await this.listDirectories()) {
      for (const file of await this.listFiles(directory)) {
        if (file.number >= end || isKept(file)) continue;
        await this.remove(file);
        removed++;
      }
    }
    return removed;
  }

  private directoryOf(number: number): string {
    return join(this.root, String(Math.floor(number / filesPerDirectory)).padStart(8, '0'));
  }

  private pathOf(file: BlockFile): string {
    return join(this.directoryOf(file.number), `${file.number}-${file.keyHex}`);
  }

  private async makeDirectory(directory: string): Promise<void> {
    if (this.directories.has(directory)) return;
    await mkdir(directory, { recursive: true });
    await flushDirectory(this.root);
    this.directories.add(directory);
  }

  private async listDirectories(): Promise<string[]> {
    return (await readdir(this.root)).filter((name) => /^\d{8,}$/.test(name)).sort();
  }

  private async listFiles(directory: string): Promise<BlockFile[]> {
    const names = await readdir(join(this.root, directory));
    return names.flatMap((name) => {
      const match = namePattern.exec(name);
      return match?.[2] === undefined ? [] : [{ number: Number(match[1]), keyHex: match[2] }];
    });
  }
}

interface Writable {
  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
}

async function writeAll(handle: Writable, bytes: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) offset += (await handle.write(bytes, offset, bytes.length - offset, offset)).bytesWritten;
}

async function flushDirectory(directory: string): Promise<void> {
  // Windows cannot open directories and keeps names durable on its own.
  if (process.platform === 'win32') return;
  const handle = await open(directory, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ignoreMissing(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error;
  return undefined;
}
