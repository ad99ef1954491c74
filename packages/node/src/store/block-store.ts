import type { Arc, Id } from '@dht/overlay';
import type { BlockRef } from '@dht/storage';

/**
 * Blocks on this node's disk, in ring order. The interface is what the runtime knows of a store, so that another engine can take
 * the place of this one; the format version lies in the store itself (`environment.ts`).
 */
export interface BlockStore {
  /** Blocks held, and the sum of their sizes in bytes. */
  readonly blocks: number;
  readonly bytes: number;
  /** Resolves when the block is on disk (fsync). Does nothing for a block already held. Rejects with a `StoreError` `full` or `io`. */
  put(block: BlockRef, bytes: Uint8Array): Promise<void>;
  /** The verified bytes, or undefined when absent. Rejects with `corrupt`, and forgets the block, when they are not what the multihash says. */
  get(key: Id): Promise<Uint8Array | undefined>;
  /** Bytes of the block, −1 when it is not held durably. */
  sizeOf(key: Id): number;
  /** Up to `limit` blocks of the arc in ring order from its beginning, only those behind `after` when given. */
  list(arc: Arc, after: Id | undefined, limit: number): BlockPage;
  /** Resolves when the removal is on disk; whether the block was held. */
  delete(key: Id): Promise<boolean>;
}

export interface BlockPage {
  readonly blocks: readonly BlockRef[];
  readonly more: boolean;
}

export type StoreErrorCode = 'full' | 'corrupt' | 'io';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * What the operating system (names) and LMDB (numbers) call a full disk, a used-up quota, a file-size limit or a full map. LMDB
 * reports the short write of a nearly full disk as 5, EIO.
 */
const fullCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 28, 122, 27, 5, -30792]);

/** A failed write as a `StoreError`. */
export async function asStoreError(error: unknown, attempted: string): Promise<StoreError> {
  if (error instanceof StoreError) return error;
  const cause = await commitCause(error);
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const full = fullCodes.has(code) || (cause instanceof Error && /MDB_MAP_FULL|No space left/.test(cause.message));
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StoreError(full ? 'full' : 'io', `${attempted}: ${reason}`, { cause });
}

/** lmdb rejects each write with a general error whose `commitError` promise rejects with the reason. */
async function commitCause(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    return (await error.commitError) ?? error;
  } catch (reason) {
    return reason;
  }
}
