import type { Contact, Id } from '@dht/overlay';

/** At most this many bytes in one block (DESIGN §7). */
export const blockBytesMax: number = 2 * 1024 * 1024;
/** A block up to this size is sent at once, without asking whether it is wanted. */
export const smallBlockBytes: number = 16 * 1024;

/** Names a block. `key` is SHA-256 of the multihash; the driver proves both against the bytes. */
export interface BlockRef {
  readonly key: Id;
  /** sha2-256 multihash, 34 bytes. */
  readonly multihash: Uint8Array;
  /** Bytes of the block. */
  readonly size: number;
}

/** The driver's name for bytes that it keeps in memory until the core releases it. Block bytes never enter the core. */
export type Handle = number;

/** Who holds a copy durably: a node and the disk it was written to. */
export interface Holder {
  readonly node: Contact;
  /** 16 bytes, hexadecimal. New when the node's disk is. */
  readonly storeId: string;
  /** Whether the node has all of the arc that the key lies in (DESIGN §5). */
  readonly synced: boolean;
}
