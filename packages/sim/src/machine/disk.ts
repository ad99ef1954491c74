import { type Arc, compareIds, type Id, inArc, SparseMap, SparseSet } from '@dht/overlay';
import type { BlockRef } from '@dht/storage';

/** How fast a disk is. */
export interface DiskOptions {
  /** Mean of one write with its fsync, exponentially distributed. */
  readonly writeMsMean: number;
  readonly readMsMean: number;
  readonly bytesPerMs: number;
  readonly capacityBytes: number;
}

/** LMDB on the reference machine (DESIGN §7): about 4 ms for a durable write, 250 MB/s. */
export const defaultDisk: DiskOptions = { writeMsMean: 4, readMsMean: 0.2, bytesPerMs: 250_000, capacityBytes: Number.POSITIVE_INFINITY };

/** What one disk holds durably. Outlives the process, is gone with the host that loses it. */
export class Disk {
  /** 16 bytes, hexadecimal. */
  readonly storeId: string;
  /** How many times slower than its kind. */
  readonly slowness: number;
  readonly capacityBytes: number;
  usedBytes = 0;
  /** When the writes that are under way are through. */
  busyUntil = 0;
  private readonly blocks = new SparseMap<string, BlockRef>();
  /** Keys whose bytes are no longer what was written. */
  private readonly spoiled = new SparseSet<string>();
  /** Keys that were durable here at some time. */
  private readonly past = new SparseSet<string>();
  private sorted: BlockRef[] | undefined;

  constructor(storeId: string, slowness: number, capacityBytes: number) {
    this.storeId = storeId;
    this.slowness = slowness;
    this.capacityBytes = capacityBytes;
  }

  get size(): number {
    return this.blocks.size;
  }

  get(key: Id): BlockRef | undefined {
    return this.blocks.get(key.hex);
  }

  has(key: Id): boolean {
    return this.blocks.has(key.hex);
  }

  isSpoiled(key: Id): boolean {
    return this.spoiled.has(key.hex);
  }

  /** The bytes on disk go bad, until they are written anew. */
  spoil(key: Id): void {
    this.spoiled.add(key.hex);
  }

  /** Whether the key was ever durable here. */
  everHeld(key: Id): boolean {
    return this.past.has(key.hex);
  }

  hasRoomFor(block: BlockRef): boolean {
    return this.has(block.key) || this.usedBytes + block.size <= this.capacityBytes;
  }

  write(block: BlockRef): void {
    this.spoiled.delete(block.key.hex);
    if (this.has(block.key)) return;
    this.blocks.set(block.key.hex, block);
    this.past.add(block.key.hex);
    this.usedBytes += block.size;
    this.sorted = undefined;
  }

  delete(key: Id): void {
    const block = this.blocks.get(key.hex);
    if (block === undefined) return;
    this.blocks.delete(key.hex);
    this.spoiled.delete(key.hex);
    this.usedBytes -= block.size;
    this.sorted = undefined;
  }

  keys(): Iterable<string> {
    return this.blocks.keys();
  }

  /** Blocks of the arc, clockwise from its start, those behind `after` only. */
  list(arc: Arc, after: Id | undefined, limit: number): { readonly blocks: readonly BlockRef[]; readonly more: boolean } {
    this.sorted ??= [...this.blocks.values()].sort((a, b) => compareIds(a.key, b.key));
    const from = after ?? arc.from;
    const start = this.sorted.findIndex((block) => compareIds(block.key, from) > 0);
    const clockwise = start < 0 ? this.sorted : [...this.sorted.slice(start), ...this.sorted.slice(0, start)];
    const inside = clockwise.filter((block) => inArc(block.key, arc.from, arc.to) && isBehind(block.key, arc, after));
    return { blocks: inside.slice(0, limit), more: inside.length > limit };
  }
}

/** Whether `key` comes after `after` on the way clockwise through the arc. */
function isBehind(key: Id, arc: Arc, after: Id | undefined): boolean {
  if (after === undefined) return true;
  // The rest of the arc; when `after` is its very end nothing is left, where (to, to] would be the whole ring.
  return !after.equals(arc.to) && inArc(key, after, arc.to);
}
