import type { CommandRef, LookupResult } from '@dht/overlay';
import type { CoreOutput, GetResult, HandOverResult, PutResult, WhereResult } from '@dht/storage';

/** The outputs that answer a command. */
export type CommandDone = Extract<CoreOutput, { readonly ref: CommandRef } & { readonly result: unknown }>;

export interface PutAnswer {
  /** At w copies, or when that many cannot be had. */
  readonly acknowledged: Promise<PutResult>;
  /** At r copies, or when there is nobody left to ask. */
  readonly settled: Promise<PutResult>;
}

type Result = CommandDone['result'];

interface Pending {
  /** Forgets the command when that was its last answer. */
  readonly answer: (result: Result) => void;
  readonly cancelled: Result;
}

const putCancelled: PutResult = { outcome: 'cancelled', holders: [], settled: true, shortfall: 'none' };
const whereCancelled: WhereResult = { outcome: 'cancelled', replicaSet: [], others: [] };
const cancelled = { outcome: 'cancelled' } as const;

/** The commands given to the core that it has not answered yet. */
export class Commands {
  private readonly pending = new Map<CommandRef, Pending>();
  private readonly cancel: (ref: CommandRef) => void;
  private nextRef = 1;

  constructor(cancel: (ref: CommandRef) => void) {
    this.cancel = cancel;
  }

  get count(): number {
    return this.pending.size;
  }

  /** Gives a put a number; `start` hands it to the core. */
  put(start: (ref: CommandRef) => void, signal?: AbortSignal): PutAnswer {
    const acknowledged = Promise.withResolvers<PutResult>();
    const settled = Promise.withResolvers<PutResult>();
    this.open<PutResult>(start, signal, putCancelled, (result) => {
      acknowledged.resolve(result);
      if (result.settled) settled.resolve(result);
      return result.settled;
    });
    return { acknowledged: acknowledged.promise, settled: settled.promise };
  }

  get(start: (ref: CommandRef) => void, signal?: AbortSignal): Promise<GetResult> {
    return this.once<GetResult>(start, signal, cancelled);
  }

  where(start: (ref: CommandRef) => void, signal?: AbortSignal): Promise<WhereResult> {
    return this.once<WhereResult>(start, signal, whereCancelled);
  }

  lookup(start: (ref: CommandRef) => void, signal?: AbortSignal): Promise<LookupResult> {
    return this.once<LookupResult>(start, signal, cancelled);
  }

  handOver(start: (ref: CommandRef) => void, signal?: AbortSignal): Promise<HandOverResult> {
    return this.once<HandOverResult>(start, signal, cancelled);
  }

  /** Whether somebody waits for this answer. */
  answer(done: CommandDone): boolean {
    const pending = this.pending.get(done.ref);
    pending?.answer(done.result);
    return pending !== undefined;
  }

  /** Answers all that are open: the core will not any more. */
  cancelAll(): void {
    for (const { answer, cancelled } of this.pending.values()) answer(cancelled);
  }

  private once<R extends Result>(start: (ref: CommandRef) => void, signal: AbortSignal | undefined, cancelled: R): Promise<R> {
    return new Promise((resolve) => {
      this.open<R>(start, signal, cancelled, (result) => {
        resolve(result);
        return true;
      });
    });
  }

  /** `onAnswer` says whether that was the last answer. */
  private open<R extends Result>(
    start: (ref: CommandRef) => void,
    signal: AbortSignal | undefined,
    cancelled: R,
    onAnswer: (result: R) => boolean,
  ): void {
    const ref = this.nextRef++;
    // The core answers a cancelled command, so nobody waits for ever.
    const abort = (): void => this.cancel(ref);
    const answer = (result: Result): void => {
      if (!onAnswer(result as R)) return;
      this.pending.delete(ref);
      signal?.removeEventListener('abort', abort);
    };
    this.pending.set(ref, { answer, cancelled });
    signal?.addEventListener('abort', abort, { once: true });
    start(ref);
    if (signal?.aborted) abort();
  }
}
