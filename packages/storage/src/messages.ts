import type { Arc, Id, JoinMessage, NodeLife, OverlayMessage, RequestId } from '@dht/overlay';
import type { BlockRef, Holder } from './block.ts';

/** Every message of the storage protocol. Blocks go beside them as transfers, correlated by request. */
export type StorageMessage =
  | OfferMessage
  | OfferReplyMessage
  | StoredMessage
  | PutResultMessage
  | GetMessage
  | GetMissMessage
  | HaveMessage
  | HaveReplyMessage
  | KeysMessage
  | KeysReplyMessage
  | SyncStateMessage
  | RelayMessage
  | RelayedMessage;

export type Message = OverlayMessage | StorageMessage;

/**
 * What a common neighbour passes on: questions and answers of storage, and the steps of a join. A put's result is not among it: an
 * initiator gives its block to a coordinator that it reaches.
 */
export type Mail = Exclude<StorageMessage, PutResultMessage | RelayMessage | RelayedMessage> | JoinMessage;

/** What a block travels for. The header of a transfer carries it. */
export type TransferPurpose =
  /** Initiator → coordinator: store it and see to r copies. */
  | 'put'
  /** Coordinator → replica: store it. */
  | 'replicate'
  /** Holder → asker, the answer to `get`. */
  | 'get';

/** Comes before the bytes of a block. */
export interface TransferHeader {
  readonly request: RequestId;
  readonly purpose: TransferPurpose;
  readonly block: BlockRef;
}

/** Asks whether the receiver wants the block, as coordinator of a put or as one replica. */
export interface OfferMessage {
  readonly type: 'offer';
  readonly request: RequestId;
  readonly purpose: 'put' | 'replicate';
  readonly block: BlockRef;
}

export interface OfferReplyMessage {
  readonly type: 'offerReply';
  readonly request: RequestId;
  /** `want`: send it. `coming`: the same block is already on its way here, wait. `full`: take the next closest. */
  readonly answer: 'want' | 'coming' | 'full' | 'not-active';
}

/** Durable here: sent only after the write is on disk. */
export interface StoredMessage {
  readonly type: 'stored';
  readonly request: RequestId;
  readonly key: Id;
  readonly storeId: string;
  readonly synced: boolean;
  readonly outcome: 'stored' | 'full' | 'failed' | 'corrupt';
}

/** Coordinator → initiator: first when w copies are durable, then again when r are or when there is nobody left to ask. */
export interface PutResultMessage {
  readonly type: 'putResult';
  readonly request: RequestId;
  readonly holders: readonly Holder[];
  readonly final: boolean;
  /** Why a final result is below r. */
  readonly shortfall: 'none' | 'too-few-nodes' | 'full' | 'unreachable';
}

export interface GetMessage {
  readonly type: 'get';
  readonly request: RequestId;
  readonly block: { readonly key: Id; readonly multihash: Uint8Array };
}

export interface GetMissMessage {
  readonly type: 'getMiss';
  readonly request: RequestId;
  /** `absent` is a vote only when `synced`, which says that the sender is sure of it too. */
  readonly reason: 'absent' | 'busy' | 'error';
  readonly synced: boolean;
}

/** Asks which of these keys the receiver holds durably. */
export interface HaveMessage {
  readonly type: 'have';
  readonly request: RequestId;
  readonly keys: readonly Id[];
}

export interface HaveReplyMessage {
  readonly type: 'haveReply';
  readonly request: RequestId;
  readonly storeId: string;
  /** In the order of the keys asked for. `size` is −1 for a key that is not held. */
  readonly entries: readonly { readonly size: number; readonly synced: boolean }[];
}

/** Repair: asks for the receiver's keys in an arc, in ring order after `after`. */
export interface KeysMessage {
  readonly type: 'keys';
  readonly request: RequestId;
  readonly arc: Arc;
  readonly after?: Id;
  readonly limit: number;
}

export interface KeysReplyMessage {
  readonly type: 'keysReply';
  readonly request: RequestId;
  readonly blocks: readonly BlockRef[];
  /** There are more behind the last one. */
  readonly more: boolean;
  /** The arc for which the sender holds everything acknowledged; absent while it is syncing all it is responsible for. */
  readonly synced?: Arc;
  /**
   * Milliseconds for which nodes may still come back that have more, because none was left that could vouch for the arc when the sender
   * synced it; 0 when it is sure.
   */
  readonly unsureMs: number;
  readonly busy: boolean;
}

/** The arc for which the sender holds everything acknowledged; absent while it is syncing all of it. */
export interface SyncStateMessage {
  readonly type: 'syncState';
  readonly storeId: string;
  readonly synced?: Arc;
}

/** Asks the receiver to pass the mail on to a node, in this very life, which the sender cannot reach itself: a member of its leaf set, or a joiner. */
export interface RelayMessage {
  readonly type: 'relay';
  readonly to: NodeLife;
  readonly mail: Mail;
}

/** Mail that the sender was asked to pass on. Whose it is is the sender's word alone. */
export interface RelayedMessage {
  readonly type: 'relayed';
  readonly from: NodeLife;
  readonly mail: Mail;
}
