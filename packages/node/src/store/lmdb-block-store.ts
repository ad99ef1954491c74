import { hash } from 'node:crypto';
import { type Arc, compareIds, Id, inArc } from '@dht/overlay';
import type { BlockRef } from '@dht/storage';
import { type BlockFile, BlockFiles } from './block-files.ts';
import { asStoreError, type BlockPage, type BlockStore, StoreError } from './block-store.ts';
import type { Environment } from './environment.ts';
import { FreeSpace } from './free-space.ts';
import { GroupCommit } from './group-commit.ts';
import { decodeIndexEntry, encodeIndexEntry, type IndexEntry } from './index-entry.ts';

/** Up to here the bytes lie in the database: one flush instead of three. Larger ones would fill its map and so this process's memory. */
const inlineBytesMax = 16 * 1024;
const digestOffset = 2;
const firstKey = Id.fromBytes(new Uint8Array(32));

interface Change {
  readonly key: Buffer;
  readonly before: IndexEntry | undefined;
  /** Absent: removal. */
  readonly after: IndexEntry | undefined;
  readonly inline: Uint8Array | undefined;
}

interface Counters {
  readonly blocks: number;
  readonly bytes: number;
}

/**
 * Index, counters and small blocks in LMDB, keys in ring order so that an arc is one range scan; the bytes of larger blocks in
 * files (`BlockFiles`). The bytes are flushed before the index entry that names them, so whatever the index names is whole.
 */
export class LmdbBlockStore implements BlockStore {
  private readonly environment: Environment;
  private readonly files: BlockFiles;
  private readonly freeSpace: FreeSpace;
  private readonly commits = new GroupCommit<Change>((changes) => this.commit(changes));
  /** The last operation on each key under way: operations on one key follow one another. */
  private readonly busy = new Map<string, Promise<unknown>>();
  private counters: Counters;

  private constructor(environment: Environment, files: BlockFiles, freeSpace: FreeSpace) {
    this.environment = environment;
    this.files = files;
    this.freeSpace = freeSpace;
    this.counters = (environment.meta.get('counters') as Counters | undefined) ?? { blocks: 0, bytes: 0 };
  }

  static async open(environment: Environment, directory: string, reserveBytes: number): Promise<LmdbBlockStore> {
    const files = await BlockFiles.open(directory);
    return new LmdbBlockStore(environment, files, new FreeSpace(directory, reserveBytes));
  }

  get blocks(): number {
    return this.counters.blocks;
  }

  get bytes(): number {
    return this.counters.bytes;
  }

  put(block: BlockRef, bytes: Uint8Array): Promise<void> {
    return this.inTurn(block.key.hex, () => this.write(block, bytes));
  }

  delete(key: Id): Promise<boolean> {
    return this.inTurn(key.hex, () => this.remove(key));
  }

  async get(key: Id): Promise<Uint8Array | undefined> {
    const entry = this.entry(key);
    if (entry === undefined) return undefined;
    const bytes = await this.read(key, entry);
    if (bytes !== undefined && hash('sha256', bytes, 'buffer').equals(entry.multihash.subarray(digestOffset))) return bytes;
    // Removed in the meantime?
    if (this.entry(key) === undefined) return undefined;
    await this.delete(key);
    throw new StoreError('corrupt', `block ${key.hex} on disk is not what its hash says`);
  }

  sizeOf(key: Id): number {
    return this.entry(key)?.size ?? -1;
  }

  list(arc: Arc, after: Id | undefined, limit: number): BlockPage {
    const blocks: BlockRef[] = [];
    for (const stretch of stretches(arc, after)) {
      for (const block of this.scan(stretch, limit + 1 - blocks.length)) blocks.push(block);
    }
    return { blocks: blocks.slice(0, limit), more: blocks.length > limit };
  }

  /** Removes the leftovers of a crash. Returns how many files there were. */
  sweep(): Promise<number> {
    return this.files.sweep((file) => this.entry(Id.fromHex(file.keyHex))?.fileNumber === file.number || this.busy.has(file.keyHex));
  }

  /** Resolves when no write is under way. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.busy.values());
    await this.commits.idle();
  }

  private *scan(stretch: Stretch, limit: number): Generator<BlockRef> {
    if (limit <= 0) return;
    const range = this.environment.index.getRange({
      start: Buffer.from(stretch.from.toBytes()),
      exclusiveStart: stretch.exclusive,
      ...(stretch.to === undefined ? {} : { end: Buffer.from(stretch.to.toBytes()), inclusiveEnd: true }),
      limit,
    });
    for (const { key, value } of range) {
      const { multihash, size } = decodeIndexEntry(value);
      yield { key: Id.fromBytes(key), multihash, size };
    }
  }

  private entry(key: Id): IndexEntry | undefined {
    const value = this.environment.index.getBinary(Buffer.from(key.toBytes()));
    return value === undefined ? undefined : decodeIndexEntry(value);
  }

  private async read(key: Id, entry: IndexEntry): Promise<Uint8Array | undefined> {
    if (entry.fileNumber === undefined) return this.environment.bytes.getBinary(Buffer.from(key.toBytes()));
    try {
      return await this.files.read({ number: entry.fileNumber, keyHex: key.hex }, entry.size);
    } catch (error) {
      throw await asStoreError(error, `reading block ${key.hex}`);
    }
  }

  private async write(block: BlockRef, bytes: Uint8Array): Promise<void> {
    if (this.entry(block.key) !== undefined) return;
    if (!(await this.freeSpace.take(bytes.length))) throw new StoreError('full', 'the disk has no room beyond the reserve');
    const inline = bytes.length <= inlineBytesMax;
    let file: BlockFile | undefined;
    try {
      if (!inline) file = { number: await this.files.write(block.key.hex, bytes), keyHex: block.key.hex };
      const after: IndexEntry = { size: bytes.length, multihash: block.multihash, fileNumber: file?.number };
      const key = Buffer.from(block.key.toBytes());
      await this.commits.add({ key, before: undefined, after, inline: inline ? bytes : undefined });
    } catch (error) {
      if (file !== undefined) await this.files.remove(file);
      throw await asStoreError(error, `writing block ${block.key.hex}`);
    }
  }

  private async remove(key: Id): Promise<boolean> {
    const before = this.entry(key);
    if (before === undefined) return false;
    try {
      await this.commits.add({ key: Buffer.from(key.toBytes()), before, after: undefined, inline: undefined });
    } catch (error) {
      throw await asStoreError(error, `removing block ${key.hex}`);
    }
    if (before.fileNumber !== undefined) await this.files.remove({ number: before.fileNumber, keyHex: key.hex });
    return true;
  }

  private async commit(changes: readonly Change[]): Promise<void> {
    const { index, bytes, meta } = this.environment;
    await this.files.flushDirectories(changes.flatMap((change) => change.after?.fileNumber ?? []));
    const counters = count(this.counters, changes);
    await this.environment.write(() => {
      for (const { key, after, inline } of changes) {
        void (after === undefined ? index.remove(key) : index.put(key, encodeIndexEntry(after)));
        if (inline !== undefined) void bytes.put(key, asBuffer(inline));
        else if (after === undefined) void bytes.remove(key);
      }
      void meta.put('counters', counters);
    });
    this.counters = counters;
  }

  private inTurn<T>(keyHex: string, operation: () => Promise<T>): Promise<T> {
    const before = this.busy.get(keyHex);
    const turn = before === undefined ? operation() : before.then(operation, operation);
    const settled = turn.then(
      () => {},
      () => {},
    );
    this.busy.set(keyHex, settled);
    void settled.then(() => {
      if (this.busy.get(keyHex) === settled) this.busy.delete(keyHex);
    });
    return turn;
  }
}

function count(counters: Counters, changes: readonly Change[]): Counters {
  let { blocks, bytes } = counters;
  for (const { before, after } of changes) {
    blocks += (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    bytes += (after?.size ?? 0) - (before?.size ?? 0);
  }
  return { blocks, bytes };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A stretch of the key space that does not wrap. Without `to` it goes to the last key. */
interface Stretch {
  readonly from: Id;
  readonly exclusive: boolean;
  readonly to: Id | undefined;
}

/** The arc behind `after` in ring order, as one or two stretches; nothing is behind an `after` outside of it. */
function stretches(arc: Arc, after: Id | undefined): readonly Stretch[] {
  const from = after ?? arc.from;
  if (after !== undefined && (after.equals(arc.to) || !inArc(after, arc.from, arc.to))) return [];
  if (compareIds(from, arc.to) < 0) return [{ from, exclusive: true, to: arc.to }];
  return [
    { from, exclusive: true, to: undefined },
    { from: firstKey, exclusive: false, to: arc.to },
  ];
}
