import type { Arc, CommandRef, Contact, Id, OverlayEvent, OverlayInput, OverlayOutput, RequestId } from '@dht/overlay';
import type { BlockRef, Handle, Holder } from './block.ts';
import type { Message, TransferHeader } from './messages.ts';

/** Names one disk operation; the driver's answer carries it. */
export type DiskRef = number;

/** What a node's core (overlay and storage together) can be told. */
export type CoreInput =
  | Exclude<OverlayInput, { type: 'message' } | { type: 'sendDropped' } | { type: 'joinPassedOn' }>
  | { readonly type: 'message'; readonly from: Contact; readonly message: Message }
  | { readonly type: 'sendDropped'; readonly to: Id; readonly message: Message }
  /** A block came in and its bytes match its multihash. The core owns the handle and releases it. */
  | { readonly type: 'blockArrived'; readonly from: Contact; readonly header: TransferHeader; readonly handle: Handle }
  /** A block came in whose bytes are not what its multihash says. */
  | { readonly type: 'blockCorrupt'; readonly from: Contact; readonly header: TransferHeader }
  /** A transfer has left this machine (`sent`) or was given up. The handle is still the core's. */
  | { readonly type: 'transferDone'; readonly to: Id; readonly header: TransferHeader; readonly outcome: 'sent' | 'failed' }
  /** The write is on disk (`durable`), or why it is not. */
  | { readonly type: 'writeDone'; readonly ref: DiskRef; readonly outcome: 'durable' | 'full' | 'failed' }
  | { readonly type: 'readDone'; readonly ref: DiskRef; readonly outcome: 'read'; readonly handle: Handle; readonly size: number }
  | { readonly type: 'readDone'; readonly ref: DiskRef; readonly outcome: 'absent' | 'corrupt' | 'failed' }
  | { readonly type: 'hasDone'; readonly ref: DiskRef /** −1 where absent. */; readonly sizes: readonly number[] }
  | { readonly type: 'listDone'; readonly ref: DiskRef; readonly blocks: readonly BlockRef[]; readonly more: boolean }
  | { readonly type: 'deleteDone'; readonly ref: DiskRef; readonly outcome: 'durable' | 'failed' }
  | CoreCommand;

export type CoreCommand =
  /** Store a block on the nodes closest to its key. The core owns the handle and releases it. */
  | { readonly type: 'put'; readonly ref: CommandRef; readonly block: BlockRef; readonly handle: Handle; readonly timeoutMs: number }
  /** Fetch a block: from this disk, else from the best replica. The reply's handle is the driver's. */
  | { readonly type: 'get'; readonly ref: CommandRef; readonly key: Id; readonly multihash: Uint8Array; readonly timeoutMs: number }
  /** Ask the replica set, and a few beyond it, who holds the key. */
  | { readonly type: 'where'; readonly ref: CommandRef; readonly key: Id; readonly timeoutMs: number }
  /** Hand over and go: `left` is the reply, with progress events before it. */
  | { readonly type: 'handOver'; readonly ref: CommandRef; readonly timeoutMs: number };

/** What a node's core asks of its driver, to be carried out in this order. */
export type CoreOutput =
  | Exclude<OverlayOutput, { type: 'send' } | { type: 'event' }>
  | { readonly type: 'send'; readonly to: Contact; readonly message: Message }
  /** Send the bytes of `handle` behind `header`; answer with `transferDone`. */
  | { readonly type: 'transfer'; readonly to: Contact; readonly header: TransferHeader; readonly handle: Handle }
  /** Write durably (fsync) and answer with `writeDone`. */
  | { readonly type: 'write'; readonly ref: DiskRef; readonly block: BlockRef; readonly handle: Handle }
  | { readonly type: 'read'; readonly ref: DiskRef; readonly key: Id }
  | { readonly type: 'has'; readonly ref: DiskRef; readonly keys: readonly Id[] }
  /** Keys held in the arc in ring order, those behind `after` only. */
  | { readonly type: 'list'; readonly ref: DiskRef; readonly arc: Arc; readonly after?: Id; readonly limit: number }
  | { readonly type: 'delete'; readonly ref: DiskRef; readonly key: Id }
  /** The core is done with these bytes. Exactly once for each handle it was given, unless a `getDone` hands it on. */
  | { readonly type: 'release'; readonly handle: Handle }
  | { readonly type: 'putDone'; readonly ref: CommandRef; readonly result: PutResult }
  | { readonly type: 'getDone'; readonly ref: CommandRef; readonly result: GetResult }
  | { readonly type: 'whereDone'; readonly ref: CommandRef; readonly result: WhereResult }
  | { readonly type: 'handOverDone'; readonly ref: CommandRef; readonly result: HandOverResult }
  | { readonly type: 'event'; readonly event: CoreEvent };

/** Who holds a block durably. Comes at w copies, and a second time (`settled`) at r or when there is nobody left to ask. */
export interface PutResult {
  readonly outcome: 'stored' | 'below-w' | 'full' | 'timeout' | 'not-active' | 'cancelled';
  readonly holders: readonly Holder[];
  readonly settled: boolean;
  readonly shortfall: 'none' | 'too-few-nodes' | 'full' | 'unreachable';
}

export type GetResult =
  | {
      readonly outcome: 'found';
      readonly handle: Handle;
      readonly size: number /** Absent: from this node's disk. */;
      readonly from?: Contact;
    }
  /** All r synced members of the replica set were asked and have it not. */
  | { readonly outcome: 'not-found' }
  /** Nobody who answered has it, but not all who could have were able to say. */
  | { readonly outcome: 'unavailable' | 'timeout' | 'not-active' | 'cancelled' };

export interface WhereResult {
  readonly outcome: 'answered' | 'timeout' | 'not-active' | 'cancelled';
  /** The r closest nodes, closest first, with what each said. */
  readonly replicaSet: readonly {
    readonly node: Contact;
    readonly state: 'holds' | 'absent' | 'silent';
    readonly synced: boolean;
    readonly storeId?: string;
    readonly size?: number;
  }[];
  /** Holders beyond the replica set. */
  readonly others: readonly Holder[];
}

export interface HandOverResult {
  readonly outcome: 'handed-over' | 'timeout' | 'no-room' | 'alone' | 'cancelled';
}

export type CoreEvent =
  | OverlayEvent
  | {
      readonly type: 'synced';
      readonly arc: Arc;
      readonly fetchedBlocks: number;
      readonly fetchedBytes: number;
      readonly elapsedMs: number;
    }
  | { readonly type: 'syncing'; readonly arc: Arc }
  | { readonly type: 'handOverProgress'; readonly remaining: number }
  | { readonly type: 'corruptBlock'; readonly from?: Id; readonly key: Id; readonly request?: RequestId };
