import type { Id } from '@dht/overlay';
import type { BlockRef } from '@dht/storage';
import type { BlockAnswer, BlockPut, CommandOptions } from '../runtime/runtime.ts';

/** What files need of a node: blocks go to the network and come from it. The runtime is one. */
export interface BlockExchange {
  put(block: BlockRef, bytes: Uint8Array, options: CommandOptions): BlockPut;
  get(key: Id, multihash: Uint8Array, options: CommandOptions): Promise<BlockAnswer>;
}

/** Time for one block, queues on a slow line included. */
export const blockTimeoutMs = 60_000;
