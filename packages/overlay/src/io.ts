import type { Contact } from './contact.ts';
import type { Id } from './id.ts';
import type { JoinMessage, OverlayMessage } from './messages.ts';

/** The two clocks of a step. `monoMs` never goes back and is the one that timers use; `wallMs` is for people and expiry. */
export interface Now {
  readonly monoMs: number;
  readonly wallMs: number;
}

/** The seeded generator handed in by the driver. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

/** A command's number, chosen by the driver; every reply to the command carries it. */
export type CommandRef = number;

/** What the overlay can be told. */
export type OverlayInput =
  /** A message from the peer that the secured connection proves. Any message is evidence of life. */
  | { readonly type: 'message'; readonly from: Contact; readonly message: OverlayMessage }
  /** A step of a join from a node that this one does not reach: a common neighbour has passed it on. No sign of life of that node. */
  | { readonly type: 'joinPassedOn'; readonly from: Contact; readonly message: JoinMessage }
  /** The deadline asked for has come. `lateMs`: how late the driver was; above 200 the process was stalled or stopped. */
  | { readonly type: 'timeout'; readonly lateMs: number }
  /** A secured connection on which both sides have said Hello. `rttMs`: what a round trip over it took, if the driver knows. */
  | { readonly type: 'peerConnected'; readonly peer: Contact; readonly rttMs?: number }
  /** The connection closed: a hint, never a verdict. */
  | { readonly type: 'peerDisconnected'; readonly id: Id }
  /** A dial failed. `refused`: nobody listens there; `identity`: somebody else answers there. */
  | {
      readonly type: 'peerUnreachable';
      readonly id: Id;
      readonly incarnation: number;
      readonly reason: 'refused' | 'timeout' | 'identity' | 'rejected';
    }
  /** The queue to the peer was full, or the connection broke, and `message` was given up. */
  | { readonly type: 'sendDropped'; readonly to: Id; readonly message: OverlayMessage }
  /** Seed the ring of a new network: active at once. */
  | { readonly type: 'create' }
  /** Join through these, besides whatever is remembered. With none given: rejoin, or cold start (DESIGN §4). */
  | { readonly type: 'join'; readonly contacts: readonly Contact[] }
  /**
   * As `create`, for one of many nodes that make up a new network all at once: the members of its leaf set and contacts for its
   * routing table, all of them active, are believed unasked. For simulators; what a daemon is told of nodes has to be proved first.
   */
  | { readonly type: 'establish'; readonly leafSet: readonly Contact[]; readonly table: readonly Contact[] }
  /** Announce that this node hands over; `done` when it goes. */
  | { readonly type: 'leave'; readonly done: boolean }
  /** `rank`: how many of the nodes closest to the key the result is to name, at most `replicaSetRank`, the default. */
  | {
      readonly type: 'lookup';
      readonly ref: CommandRef;
      readonly key: Id;
      readonly mode: LookupMode;
      readonly timeoutMs: number;
      readonly rank?: number;
    }
  | { readonly type: 'cancel'; readonly ref: CommandRef }
  /** This node's own address changed: its contact from now on. */
  | { readonly type: 'selfChanged'; readonly self: Contact };

export type LookupMode = 'recursive' | 'iterative';

/** What the overlay asks of its driver, to be carried out in this order. */
export type OverlayOutput =
  /** Dial when there is no connection. Control messages of one peer stay in order. */
  | { readonly type: 'send'; readonly to: Contact; readonly message: OverlayMessage }
  /** Dial, unless there is a connection, with nothing to say as yet. */
  | { readonly type: 'connect'; readonly to: Contact }
  | { readonly type: 'lookupDone'; readonly ref: CommandRef; readonly result: LookupResult }
  | { readonly type: 'event'; readonly event: OverlayEvent };

export type LookupResult =
  | {
      readonly outcome: 'found';
      readonly root: Contact;
      /** Closest first, the root included. */
      readonly replicaSet: readonly Contact[];
      readonly path: readonly { readonly id: Id; readonly rttMs?: number }[];
      readonly elapsedMs: number;
    }
  | { readonly outcome: 'timeout' | 'not-active' | 'cancelled' };

export type OverlayEvent =
  | { readonly type: 'activated'; readonly how: 'created' | 'joined' | 'seeded' }
  /** The leaf set changed in members or in their statuses. `failed`: gone by verdict, not by leaving or by being pushed out. */
  | {
      readonly type: 'leafSetChanged';
      readonly added: readonly Contact[];
      readonly removed: readonly Contact[];
      readonly failed: readonly Contact[];
    }
  /** The contacts worth remembering for a rejoin changed: the driver persists `remembered()` when it likes. */
  | { readonly type: 'rememberedChanged' }
  | { readonly type: 'suspected'; readonly id: Id }
  | { readonly type: 'failed'; readonly id: Id; readonly incarnation: number; readonly detectionMs: number }
  /** Another live process claims this node's id. */
  | { readonly type: 'twin'; readonly incarnation: number }
  | { readonly type: 'merged'; readonly with: Id }
  | { readonly type: 'joinRefused'; readonly reason: string };
