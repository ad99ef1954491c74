import { type Arc, compareClockwise, type Id, inArc } from '@dht/overlay';
import type { BlockRef } from '../src/index.ts';

/** What one disk holds durably: outlives its process. */
export class MemoryDisk {
  readonly storeId: string;
  writeMs = 2;
  readMs = 1;
  capacityBytes = Number.POSITIVE_INFINITY;
  readonly blocks = new Map<string, BlockRef>();
  /** Blocks that cannot be read back as they were written. */
  readonly spoiled = new Set<string>();
  /** Whether a spoiled block is noticed when it is read. Otherwise only whoever receives it notices. */
  checksReads = true;

  constructor(storeId: string) {
    this.storeId = storeId;
  }

  has(key: Id): boolean {
    return this.blocks.has(key.hex);
  }

  write(block: BlockRef): 'durable' | 'full' {
    const used = [...this.blocks.values()].reduce((sum, { size }) => sum + size, 0);
    if (!this.has(block.key) && used + block.size > this.capacityBytes) return 'full';
    this.blocks.set(block.key.hex, block);
    return 'durable';
  }

  delete(key: Id): void {
    this.blocks.delete(key.hex);
    this.spoiled.delete(key.hex);
  }

  list(arc: Arc, after: Id | undefined, limit: number): { readonly blocks: readonly BlockRef[]; readonly more: boolean } {
    const inside = [...this.blocks.values()]
      .filter(({ key }) => inArc(key, arc.from, arc.to))
      .sort((a, b) => compareClockwise(arc.from, a.key, b.key))
      .filter(({ key }) => after === undefined || compareClockwise(arc.from, key, after) > 0);
    return { blocks: inside.slice(0, limit), more: inside.length > limit };
  }
}
