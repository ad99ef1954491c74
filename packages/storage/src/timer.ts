import type { Deadline, Id } from '@dht/overlay';

/** A timer that is set. */
export type StorageDeadline = Deadline<StorageTimer>;

/** Every timer of storage. Those with a `counter` belong to the open request of that number. */
export type StorageTimer =
  /** When to ask the next replica of a get although the ones before may still answer. */
  | { readonly type: 'hedge'; readonly counter: number }
  /** When to pass over a peer that has been silent in one step of a request. */
  | { readonly type: 'silence'; readonly counter: number; readonly peer: Id }
  /** When to begin a request's next round after everybody in the last one was asked in vain. */
  | { readonly type: 'retry'; readonly counter: number }
  /** When to give a request up for good. */
  | { readonly type: 'expiry'; readonly counter: number }
  /** When to stop waiting for the bytes of a block that this node said it wants. */
  | { readonly type: 'incoming'; readonly key: Id }
  /** When to look whether an arc is due to be reconciled. */
  | { readonly type: 'sync' }
  /** When to tell the neighbours what this node is synced for. */
  | { readonly type: 'announce' }
  /** When to reconcile with one neighbour for no reason but time. */
  | { readonly type: 'repair' }
  /** When to look whether everything that is to be handed over has arrived. */
  | { readonly type: 'handOver' };
