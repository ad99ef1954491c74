import type { Contact, NodeLife } from './contact.ts';
import type { Id } from './id.ts';
import type { MemberName } from './member-name.ts';

/**
 * Every message of the overlay. Who sent it is what the secured connection proves and never a field of the message.
 * `packages/wire/dht.proto` is the same in bytes, with the limits of every field.
 */
export type OverlayMessage =
  | HeartbeatMessage
  | ProbeMessage
  | ProbeReplyMessage
  | IndirectProbeMessage
  | IndirectReplyMessage
  | LeafSetMessage
  | LeavingMessage
  | RouteMessage
  | RouteAckMessage
  | RouteRefusedMessage
  | RouteReplyMessage
  | FindNextMessage
  | FindNextReplyMessage
  | JoinMessage
  | TableRequestMessage
  | TableReplyMessage;

/** `leaving` nodes still serve what they hold, but count in no replica set and root nothing. */
export type NodeStatus = 'joining' | 'active' | 'leaving';

/**
 * Names a request across retries: unique for the origin's life, so roots remember it and answer twice alike. What comes back on a
 * `route` (`routeAck`, `routeRefused`, `routeReply`) names the origin by the first 8 bytes of its id.
 */
export interface RequestId {
  readonly origin: Id;
  readonly incarnation: number;
  readonly counter: number;
}

/** To the immediate counter-clockwise neighbour when nothing else was sent for `periodMs`: the sender is its watched clockwise neighbour. */
export interface HeartbeatMessage {
  readonly type: 'heartbeat';
  readonly status: NodeStatus;
  /** Within this long the next sign of life follows: the sender's own choice, which each of its heartbeats may change. Absent: no promise. */
  readonly periodMs?: number;
}

export interface ProbeMessage {
  readonly type: 'probe';
  readonly nonce: number;
  readonly status: NodeStatus;
}

export interface ProbeReplyMessage {
  readonly type: 'probeReply';
  readonly nonce: number;
  readonly status: NodeStatus;
  /** Was this node active in an earlier life: such nodes may seed the ring of a cold start. */
  readonly previouslyActive: boolean;
  /** As in heartbeats: whoever watches the sender may not have had one yet. */
  readonly periodMs?: number;
}

/** Asks the receiver to probe `target` on the sender's behalf (SWIM, Das et al. 2002). */
export interface IndirectProbeMessage {
  readonly type: 'indirectProbe';
  readonly nonce: number;
  readonly target: NodeLife;
  /** Of a target that need not be among the receiver's neighbours. */
  readonly contact?: Contact;
}

export interface IndirectReplyMessage {
  readonly type: 'indirectReply';
  readonly nonce: number;
  readonly target: Id;
  /** `refused`: nobody listens at the target's address any more. `silent`: no answer in time, or the target is unknown. */
  readonly outcome: 'alive' | 'refused' | 'silent';
}

/** A failure that somebody has established. Each receiver verifies it for itself. Neighbours know the node: the first 6 bytes of its id name it. */
export interface FailedEntry extends NodeLife {
  /** Milliseconds since it was established. */
  readonly ageMs: number;
}

/**
 * - `push` tells what changed;
 * - `list` names all members;
 * - `compare` does so too and asks for the differences;
 * - `ask` asks for a list;
 * - `extend` names one node and asks who comes behind it, as seen from the sender;
 * - `answer` tells the differences.
 */
export type LeafSetPurpose = 'push' | 'list' | 'compare' | 'ask' | 'answer' | 'extend';

/** Leaf-set exchange. What both may know goes by name; who lacks the contact of a name asks for it. */
export interface LeafSetMessage {
  readonly type: 'leafSet';
  readonly purpose: LeafSetPurpose;
  readonly status: NodeStatus;
  /** Of a list or a comparison: all members, and the sender itself when it is active. */
  readonly named: readonly MemberName[];
  /** Nodes that the receiver is not known to know. */
  readonly members: readonly Contact[];
  /** Of the names that the receiver told, those of nodes that the sender does not know. */
  readonly wanted: readonly MemberName[];
  readonly failed: readonly FailedEntry[];
}

/** `done: false` when handing over begins, `true` as the last word before the process ends. */
export interface LeavingMessage {
  readonly type: 'leaving';
  readonly done: boolean;
}

/**
 * A request on its way to the root of `key`, hop by hop over open connections.
 * - `lookup` answers with the root and its replica set;
 * - `join` does so for the joiner's own id, and every hop adds contacts of its routing table to `contacts`;
 * - `probe` asks whether the node with exactly this id is alive, without dialling it. It is by far the most frequent, so it carries
 *   names only: its answer comes back the way that it went, or not at all;
 * - `merge` asks who the root is.
 */
export interface RouteMessage {
  readonly type: 'route';
  readonly request: RequestId;
  readonly purpose: 'lookup' | 'join' | 'probe' | 'merge';
  readonly key: Id;
  /** How many of the nodes closest to the key the answer to a lookup names: each is a contact. Absent: as many as the root likes. */
  readonly rank?: number;
  /** For the answer, should no open connection lead back. Absent in a probe. */
  readonly origin?: Contact;
  /** Hops still allowed. */
  readonly ttl: number;
  readonly remainingMs: number;
  /** The way so far, the origin's own first hop first. */
  readonly path: readonly Hop[];
  readonly contacts: readonly Contact[];
}

export interface Hop {
  readonly id: Id;
  /** Smoothed round-trip time from the hop before to this one; absent when never measured. */
  readonly rttMs?: number;
}

/** Accepts responsibility for the request: the sender need not try another hop. */
export interface RouteAckMessage {
  readonly type: 'routeAck';
  readonly request: RequestId;
}

/** The receiver would make no progress or is not active; `members` tell the sender why. */
export interface RouteRefusedMessage {
  readonly type: 'routeRefused';
  readonly request: RequestId;
  readonly reason: 'no-progress' | 'not-active' | 'ttl' | 'late' | 'busy';
  readonly members: readonly Contact[];
}

export interface RouteReplyMessage {
  readonly type: 'routeReply';
  readonly request: RequestId;
  /** The first 8 bytes of its id. Absent in the answer of the very node that a probe asked for. */
  readonly root?: Id;
  readonly incarnation: number;
  /**
   * The nodes closest to the key as the root knows them, closest first, the root included: as many as were asked for when there are
   * so many. For a merge the root alone, for a probe nobody.
   */
  readonly replicaSet: readonly Contact[];
  readonly path: readonly Hop[];
  readonly contacts: readonly Contact[];
}

/** One step of an iterative lookup. */
export interface FindNextMessage {
  readonly type: 'findNext';
  readonly request: RequestId;
  readonly key: Id;
}

export interface FindNextReplyMessage {
  readonly type: 'findNextReply';
  readonly request: RequestId;
  readonly status: NodeStatus;
  readonly isRoot: boolean;
  /** When `isRoot` the replica set, otherwise the closest contacts that are strictly closer to the key than the sender. */
  readonly contacts: readonly Contact[];
}

/** The steps of a join, each between the joiner and an end of its gap, or between the two ends. */
export type JoinMessage = JoinRequestMessage | JoinGrantMessage | JoinRefusedMessage | JoinCommitMessage | JoinCommittedMessage;

/** To the counter-clockwise end of the gap that the sender wants to join. */
export interface JoinRequestMessage {
  readonly type: 'joinRequest';
  readonly attempt: number;
  /** Who asks, when another passes the request on: only the sender of a message is proven by its connection. */
  readonly joiner?: Contact;
}

/** The sole right to join in the gap between the sender and `successor` until the deadline. */
export interface JoinGrantMessage {
  readonly type: 'joinGrant';
  readonly attempt: number;
  readonly token: number;
  readonly successor: Contact;
  readonly deadlineMs: number;
  readonly members: readonly Contact[];
}

export interface JoinRefusedMessage {
  readonly type: 'joinRefused';
  readonly attempt: number;
  /** `stale`: the gap is elsewhere, look at `members`. `busy`: another one holds the grant. */
  readonly reason: 'stale' | 'busy' | 'not-active' | 'expired';
  readonly retryAfterMs: number;
  readonly members: readonly Contact[];
  readonly previouslyActive: boolean;
}

/** Goes joiner → predecessor → successor; each compares its neighbour pointer before it lets the joiner in. */
export interface JoinCommitMessage {
  readonly type: 'joinCommit';
  readonly attempt: number;
  readonly token: number;
  readonly joiner: Contact;
  readonly predecessor: Contact;
}

/** Successor → joiner: both ends of the gap have taken the joiner in. Joiner → predecessor → successor, as far as they do not reach each other: it is active. */
export interface JoinCommittedMessage {
  readonly type: 'joinCommitted';
  readonly attempt: number;
  readonly token: number;
}

/** Routing-table upkeep: asks for the contacts of one row. */
export interface TableRequestMessage {
  readonly type: 'tableRequest';
  readonly row: number;
}

export interface TableReplyMessage {
  readonly type: 'tableReply';
  readonly row: number;
  readonly contacts: readonly Contact[];
}
