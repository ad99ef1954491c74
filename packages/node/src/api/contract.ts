/**
 * The HTTP API of a daemon, on 127.0.0.1 only. Every request carries `Authorization: Bearer <token>`; the token is in
 * `<path>/api.json` (mode 0600) beside the address: `ApiFile`. Bodies and answers are JSON unless said otherwise; a long
 * operation answers with NDJSON: progress objects first, then one `{type: 'done', …}` or `{type: 'error', …}`.
 *
 * | request | answer |
 * |---|---|
 * | GET /v1/status | `StatusReply` |
 * | GET /v1/id | `IdReply` |
 * | GET /v1/peers | `PeerReply[]` |
 * | GET /v1/leafset | `LeafSetReply` |
 * | GET /v1/routes | `RoutesReply` |
 * | POST /v1/join `{multiaddrs}` | NDJSON, done: `IdReply` |
 * | POST /v1/leave `{timeoutMs}` | NDJSON `LeaveProgress`, done: `{outcome}`; the daemon ends afterwards |
 * | POST /v1/stop | `{}`; the daemon ends afterwards |
 * | PUT /v1/files, raw body (optional Content-Length) | NDJSON `PutProgress`, done: `PutReply` |
 * | PUT /v1/folders, body a tar stream of the folder's content | NDJSON `PutProgress`, done: `PutReply` |
 * | GET /v1/files/<cid>[/path], optional one-range `Range` | the bytes; `Content-Length`, `Accept-Ranges`, `Server-Timing` set |
 * | GET /v1/ls/<cid>[/path][?recursive=1] | NDJSON `ListEntry`, done: `{}` |
 * | GET /v1/where/<cid> | NDJSON `WhereBlock`, done: `WhereSummary` |
 * | GET /v1/lookup/<cid, key or id>?mode=recursive\|iterative | `LookupReply` |
 * | GET /metrics | Prometheus text |
 *
 * `Server-Timing: open;dur=<ms>` of a file: from the request until its first bytes were at hand.
 *
 * `ls` of a folder gives its entries; of a file or symbolic link that one, with an empty `path`.
 *
 * Errors: an `ApiError` body with a fitting HTTP status, or as the last NDJSON line. A body stream that breaks off after the
 * headers were sent is an error that the client sees as a closed connection before `Content-Length` bytes.
 */
export interface ApiFile {
  readonly address: string;
  readonly port: number;
  readonly token: string;
  readonly pid: number;
}

/** The exit codes of the command line are the `exitCode`s of errors (DESIGN §8). */
export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  notFound: 3,
  timeout: 4,
  quorumNotMet: 5,
  integrity: 6,
  unreachable: 7,
  conflict: 8,
  full: 9,
  unavailable: 10,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export interface ApiError {
  readonly type: 'error';
  readonly exitCode: ExitCode;
  /** What was attempted and what happened. */
  readonly message: string;
  /** What to do next. */
  readonly hint?: string;
  /** Of a put that stayed below w: what was stored, and of which CID. */
  readonly receipt?: Receipt;
  readonly cid?: string;
}

export interface ContactReply {
  readonly id: string;
  readonly peerId: string;
  readonly incarnation: number;
  readonly role: 'full' | 'client';
  readonly multiaddrs: readonly string[];
}

export interface IdReply extends ContactReply {
  readonly networkId: string;
  readonly storeId: string;
  readonly version: string;
}

export interface StatusReply extends IdReply {
  readonly status: 'offline' | 'joining' | 'active' | 'leaving';
  readonly path: string;
  readonly uptimeMs: number;
  /** From the start of the process until this API served, by the process's own clock. */
  readonly readyMs?: number;
  /** From the first dial of the last join or rejoin until this node was active; absent when it founded or seeded the network. */
  readonly joinMs?: number;
  readonly replicas: number;
  readonly writeQuorum: number;
  readonly estimatedNodes: number;
  readonly connections: number;
  /** Since the start; a connection counts at both of its ends. */
  readonly connectionsOpened: number;
  readonly messagesSent: number;
  readonly leafSetSize: number;
  readonly routingTableSize: number;
  /** The part of the ring this node is responsible for and whether it has all of it. */
  readonly arc?: { readonly from: string; readonly to: string; readonly synced: boolean };
  readonly blocks: number;
  readonly bytes: number;
  readonly repairBytes: number;
  readonly rssBytes: number;
  readonly cpuSeconds: number;
}

export interface PeerReply extends ContactReply {
  readonly rttMs?: number;
  readonly direction: 'in' | 'out';
  readonly inLeafSet: boolean;
}

export interface LeafReply extends ContactReply {
  readonly status: 'joining' | 'active' | 'leaving';
  readonly connected: boolean;
  readonly suspected: boolean;
  readonly rttMs?: number;
  readonly synced?: { readonly from: string; readonly to: string };
}

export interface LeafSetReply {
  readonly id: string;
  readonly clockwise: readonly LeafReply[];
  readonly counterClockwise: readonly LeafReply[];
}

export interface RoutesReply {
  readonly id: string;
  readonly rows: readonly {
    readonly row: number;
    readonly column: number;
    readonly contacts: readonly (ContactReply & { readonly rttMs?: number; readonly connected: boolean })[];
  }[];
}

export interface LeaveProgress {
  readonly type: 'progress';
  readonly remaining: number;
}

export interface PutProgress {
  readonly type: 'progress';
  readonly bytes: number;
  readonly blocks: number;
  /** File in work, of a folder. */
  readonly path?: string;
}

/** Who holds the blocks durably (DESIGN §5). */
export interface Receipt {
  readonly blocks: number;
  /** Copies of the block that has fewest. */
  readonly copiesMin: number;
  readonly replicas: number;
  readonly writeQuorum: number;
  /** Blocks by number of durable copies: index 0 is none. */
  readonly histogram: readonly number[];
  /** Every distinct disk that holds at least one of the blocks. */
  readonly holders: readonly { readonly id: string; readonly storeId: string; readonly blocks: number }[];
  readonly shortfall: 'none' | 'too-few-nodes' | 'full' | 'unreachable';
}

export interface PutReply {
  readonly type: 'done';
  readonly cid: string;
  readonly size: number;
  readonly receipt: Receipt;
  readonly elapsedMs: number;
}

export interface ListEntry {
  readonly type: 'entry';
  /** Relative to what was listed, `/` between names. */
  readonly path: string;
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'symlink';
  readonly cid: string;
  /** Bytes of the file's content; absent for directories. */
  readonly size?: number;
  /** Where a symbolic link points to, as it was stored. */
  readonly target?: string;
}

export interface WhereBlock {
  readonly type: 'block';
  readonly cid: string;
  readonly key: string;
  readonly size?: number;
  readonly replicaSet: readonly {
    readonly id: string;
    readonly multiaddrs: readonly string[];
    readonly state: 'holds' | 'absent' | 'silent';
    readonly synced: boolean;
    readonly storeId?: string;
  }[];
  readonly others: readonly { readonly id: string; readonly storeId: string }[];
}

export interface WhereSummary {
  readonly type: 'done';
  readonly blocks: number;
  readonly copiesMin: number;
  readonly replicas: number;
}

export interface LookupReply {
  readonly key: string;
  readonly mode: 'recursive' | 'iterative';
  readonly root: ContactReply;
  readonly replicaSet: readonly ContactReply[];
  readonly path: readonly { readonly id: string; readonly rttMs?: number }[];
  readonly elapsedMs: number;
}
