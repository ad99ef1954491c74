import type { Id } from '@dht/overlay';
import { Id as RingId } from '@dht/overlay';
import type { BlockRef, Holder, PutResult } from '@dht/storage';
import type { BlockExchange } from '../../src/files/block-exchange.ts';
import type { BlockAnswer, BlockPut, CommandOptions } from '../../src/runtime/runtime.ts';

/** `copies` holders, named 1, 2, 3 …. */
export function holders(copies: number): Holder[] {
  return Array.from({ length: copies }, (_, i) => ({
    node: { id: RingId.fromBigInt(BigInt(i + 1)), incarnation: 1, role: 'full', address: new Uint8Array(), addressSeq: 1 },
    storeId: `disk${i + 1}`,
    synced: true,
  }));
}

export const stored: PutResult = { outcome: 'stored', holders: holders(3), settled: true, shortfall: 'none' };

/** A network in memory: what is put can be had. Tests decide what puts answer and when gets do. */
export class MemoryExchange implements BlockExchange {
  readonly blocks = new Map<string, Uint8Array>();
  readonly log: string[] = [];
  putsOpen = 0;
  bytesOpenMax = 0;
  getsOpen = 0;
  getsOpenMax = 0;
  private bytesOpen = 0;

  onPut: (block: BlockRef) => PutResult | Promise<PutResult> = () => stored;
  onGet: (key: Id) => Promise<void> | void = () => {};

  put(block: BlockRef, bytes: Uint8Array, _options: CommandOptions): BlockPut {
    this.putsOpen++;
    this.bytesOpen += bytes.length;
    this.bytesOpenMax = Math.max(this.bytesOpenMax, this.bytesOpen);
    const done = Promise.resolve(this.onPut(block)).then((result) => {
      this.putsOpen--;
      this.bytesOpen -= bytes.length;
      if (result.holders.length > 0) this.blocks.set(block.key.hex, bytes);
      return result;
    });
    return { acknowledged: done, settled: done, released: done.then(() => {}) };
  }

  async get(key: Id, _multihash: Uint8Array, options: CommandOptions): Promise<BlockAnswer> {
    this.getsOpenMax = Math.max(this.getsOpenMax, ++this.getsOpen);
    this.log.push(key.hex);
    await this.onGet(key);
    this.getsOpen--;
    const bytes = this.blocks.get(key.hex);
    if (options.signal?.aborted) return { outcome: 'cancelled' };
    return bytes === undefined ? { outcome: 'not-found' } : { outcome: 'found', bytes };
  }
}
