import type { Contact } from './contact.ts';
import type { PendingTimer } from './deadlines.ts';
import type { Id } from './id.ts';
import type { OpenConnection } from './least-worth.ts';
import type { NodeStatus } from './messages.ts';
import type { Arc } from './ring.ts';

/** What storage, the daemon and the checkers may read of an overlay between two steps (Dabek et al. 2003). */
export interface OverlayView {
  readonly self: Contact;
  readonly status: NodeStatus;
  /** Members of both halves, nearest first in each; `leaving` ones included. */
  leafSet(): Halves<LeafView>;
  /** The same, who they are alone. */
  leafContacts(): Halves<Contact>;
  /** The `rank` active nodes closest to `key` as far as this node knows, closest first, itself included when active. */
  replicaSet(key: Id, rank: number): readonly Contact[];
  /** Whether the leaf set proves `replicaSet(key, rank)`: those nodes all lie inside it, or it holds the whole ring. */
  coversReplicaSet(key: Id, rank: number): boolean;
  /** Up to `count` nearest active neighbours on each side, nearest first, each node once. */
  neighbourSet(count: number): readonly Contact[];
  /** The keys among whose `rank` closest active nodes this one is; absent when not active. */
  range(rank: number): Arc | undefined;
  /** Whether the leaf set holds the node. */
  isLeaf(id: Id): boolean;
  /** The newest contact known for the id. */
  contact(id: Id): Contact | undefined;
  /** Smoothed round-trip time in milliseconds. */
  rttMs(id: Id): number | undefined;
  /** Suspected, or in the failed set with this or a lower incarnation. */
  isAvoided(id: Id): boolean;
  /** When the latest of the nodes that failed, and have not come back, was found to have: undefined when this node knows of none. */
  lastFailureMs(): number | undefined;
  isConnected(id: Id): boolean;
  /** A member that others reach and this node does not. */
  isRelayed(id: Id): boolean;
  /** Who may pass mail on to the member: those that this node reaches and that are neighbours of it, connected ones when there are any. */
  commonNeighbours(id: Id): readonly Contact[];
  /** While no more connections than this are open, `surplus` names none. */
  readonly connectionsKept: number;
  /** Of all open connections those that the driver should close now, as nobody needs them. `nowMs`: by the clock of their `usedMs`. */
  surplus<T extends OpenConnection>(connections: readonly T[], nowMs: number): readonly T[];
  routingTable(): readonly { readonly row: number; readonly column: number; readonly contacts: readonly Contact[] }[];
  /** Contacts worth keeping for a rejoin, spread over the ring. */
  remembered(): readonly Contact[];
  sizes(): OverlaySizes;
  /** What this node waits for, the earliest first. */
  pendingTimers(): readonly PendingTimer[];
  /** Estimate of the number of nodes, from the density of the leaf set; exact when the leaf set holds the whole ring. */
  estimatedSize(): number;
}

/** Of the leaf set, nearest first in each. */
export interface Halves<T> {
  readonly clockwise: readonly T[];
  readonly counterClockwise: readonly T[];
}

/** How much a node keeps of everything that must not grow without bound. */
export interface OverlaySizes {
  readonly clockwise: number;
  readonly counterClockwise: number;
  readonly tableContacts: number;
  readonly remembered: number;
}

export interface LeafView {
  readonly contact: Contact;
  readonly status: NodeStatus;
  readonly connected: boolean;
  readonly suspected: boolean;
  readonly rttMs?: number;
}
