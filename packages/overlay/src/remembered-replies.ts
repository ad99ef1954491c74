import type { Context } from './context.ts';
import type { Deadline } from './deadlines.ts';
import type { RouteReplyMessage } from './messages.ts';
import { SparseMap } from './sparse-map.ts';

interface Remembered {
  readonly reply: RouteReplyMessage;
  readonly expiresMs: number;
}

/** What a root answered, by request, so that a request that comes again is answered alike. */
export class RememberedReplies {
  readonly #context: Context;
  readonly #byRequest: SparseMap<string, Remembered> = new SparseMap();
  #deadline: Deadline | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  get(requestKey: string): RouteReplyMessage | undefined {
    return this.#byRequest.get(requestKey)?.reply;
  }

  add(requestKey: string, reply: RouteReplyMessage, expiresMs: number): void {
    this.#byRequest.keepLatest(this.#context.config.tableEntriesMax - 1);
    this.#byRequest.set(requestKey, { reply, expiresMs });
    this.#deadline ??= this.#context.deadlines.set({ kind: 'replies' }, expiresMs);
  }

  /** Forgets what is expired. Oldest first is nearly the order of expiry; what is late by that goes next time. */
  expire(): void {
    this.#deadline = undefined;
    const { monoMs } = this.#context.now;
    for (const [key, remembered] of this.#byRequest) {
      if (remembered.expiresMs > monoMs) {
        this.#deadline = this.#context.deadlines.set({ kind: 'replies' }, remembered.expiresMs);
        return;
      }
      this.#byRequest.delete(key);
    }
  }
}
