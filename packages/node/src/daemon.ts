import type { IdReply, LeaveProgress } from './api/contract.ts';
import type { Config } from './config/config.ts';

export interface DaemonOptions {
  readonly config: Config;
  /** Addresses to join through, any of them. Absent or empty: a new network on an empty path, a rejoin on one with a network. */
  readonly join?: readonly string[];
}

/** How the daemon became a member: `created` a network, `joined` through a peer, `seeded` a cold start, `attached` as a client. */
export type Activation = 'created' | 'joined' | 'seeded' | 'attached';

export interface Daemon {
  readonly identity: IdReply;
  readonly path: string;
  readonly apiPort: number;
  /** Listening addresses with `/p2p/<peer id>`. */
  multiaddrs(): readonly string[];
  /** What the user should know about this start, such as another port than the usual one. */
  readonly notices: readonly string[];
  /** Settles when the node is a member; rejects with a `DhtError` when it could not join. The daemon still runs then: stop it. */
  readonly active: Promise<Activation>;
  /** Resolves when the daemon has ended, by `stop`, by `leave` or through the API: then the process can exit. */
  readonly ended: Promise<void>;
  /** Hands the arcs over, then stops. Stops also when the time is over. */
  leave(options?: { readonly timeoutMs?: number; readonly onProgress?: (progress: LeaveProgress) => void }): Promise<LeaveOutcome>;
  /** Stops now: what is acknowledged is on disk. May be called more than once. */
  stop(): Promise<void>;
}

export type LeaveOutcome = 'handed-over' | 'timeout' | 'no-room' | 'alone' | 'cancelled';

/**
 * Starts a daemon at `config.path` and resolves when it listens and serves its API; joining goes on behind `active`.
 * Rejects with a `DhtError`: 8 when another daemon runs at this path, 1 when the path, a port or the store cannot be used.
 */
export declare function startDaemon(options: DaemonOptions): Promise<Daemon>;
