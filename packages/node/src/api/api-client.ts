import type { Readable } from 'node:stream';
import type {
  IdReply,
  LeafSetReply,
  LeaveProgress,
  ListEntry,
  LookupReply,
  PeerReply,
  PutProgress,
  PutReply,
  RoutesReply,
  StatusReply,
  WhereBlock,
  WhereSummary,
} from './contract.ts';

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface PutOptions extends RequestOptions {
  /** Bytes of the body when known. */
  readonly size?: number | undefined;
  readonly onProgress?: ((progress: PutProgress) => void) | undefined;
}

export interface GetOptions extends RequestOptions {
  /** First byte wanted. */
  readonly offset?: number | undefined;
  /** Bytes wanted; up to the end when absent. */
  readonly length?: number | undefined;
}

/** A file on its way. `body` ends with an error when fewer than `size` bytes came. */
export interface Download {
  /** Bytes that `body` will give. */
  readonly size: number;
  /** Bytes of the whole file. */
  readonly total: number;
  readonly body: Readable;
}

/** Talks to the daemon of one path. Every failure is a `DhtError` with the exit code of the command line. */
export declare class ApiClient {
  /** Finds the daemon through `<path>/api.json`. Throws 7 when none runs there. Does not connect yet. */
  static open(path: string): Promise<ApiClient>;
  /** Process id of the daemon. */
  readonly pid: number;
  status(options?: RequestOptions): Promise<StatusReply>;
  id(options?: RequestOptions): Promise<IdReply>;
  peers(options?: RequestOptions): Promise<readonly PeerReply[]>;
  leafSet(options?: RequestOptions): Promise<LeafSetReply>;
  routes(options?: RequestOptions): Promise<RoutesReply>;
  metrics(options?: RequestOptions): Promise<string>;
  join(multiaddrs: readonly string[], options?: RequestOptions): Promise<IdReply>;
  leave(
    options: RequestOptions & { readonly timeoutMs: number; readonly onProgress?: ((progress: LeaveProgress) => void) | undefined },
  ): Promise<{ readonly outcome: string }>;
  stop(options?: RequestOptions): Promise<void>;
  /** Stores a file. The error of a put below w carries the receipt (exit code 5). */
  putFile(body: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<PutReply>;
  /** Stores a folder given as a tar stream of its content. */
  putFolder(tar: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<PutReply>;
  /** `target` is a CID, optionally followed by `/path/in/folder`. */
  get(target: string, options?: GetOptions): Promise<Download>;
  ls(target: string, options?: RequestOptions & { readonly recursive?: boolean }): AsyncGenerator<ListEntry, void>;
  where(cid: string, options?: RequestOptions): AsyncGenerator<WhereBlock, WhereSummary>;
  lookup(target: string, mode: 'recursive' | 'iterative', options?: RequestOptions): Promise<LookupReply>;
}
