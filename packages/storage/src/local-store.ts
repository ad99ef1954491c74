import type { Id } from '@dht/overlay';
import { SparseMap } from '@dht/overlay';
import type { BlockRef, Handle } from './block.ts';
import type { Context } from './context.ts';

export type WriteOutcome = 'durable' | 'full' | 'failed';

/** Who waits for one key at most: they who are passed over ask again. */
const waitersMax = 64;

/** This node's own disk as the protocol sees it: a block is written once at a time, and whoever waits for a key hears when it is durable. */
export class LocalStore {
  private readonly ctx: Context;
  private readonly writing = new SparseMap<string, ((outcome: WriteOutcome) => void)[]>();
  private readonly waiting = new SparseMap<string, (() => void)[]>();

  constructor(ctx: Context) {
    this.ctx = ctx;
  }

  /** The caller keeps its hold of the handle. Writing what is held already is harmless. */
  store(block: BlockRef, handle: Handle, done: (outcome: WriteOutcome) => void): void {
    const { hex } = block.key;
    const running = this.writing.get(hex);
    if (running !== undefined) {
      running.push(done);
      return;
    }
    this.writing.set(hex, [done]);
    this.ctx.disk.write(block, handle, (outcome) => this.finish(hex, outcome));
  }

  isWriting(key: Id): boolean {
    return this.writing.has(key.hex);
  }

  /** Calls `done` once when the key becomes durable here, by whatever way. */
  whenDurable(key: Id, done: () => void): void {
    const waiters = this.waiting.get(key.hex);
    if (waiters === undefined) this.waiting.set(key.hex, [done]);
    else if (waiters.length < waitersMax) waiters.push(done);
  }

  /** Nobody waits for the key any longer. */
  stopWaiting(key: Id): void {
    this.waiting.delete(key.hex);
  }

  private finish(hex: string, outcome: WriteOutcome): void {
    const callers = this.writing.get(hex) ?? [];
    this.writing.delete(hex);
    const waiters = this.waiting.get(hex) ?? [];
    this.waiting.delete(hex);
    for (const done of callers) done(outcome);
    if (outcome === 'durable') for (const done of waiters) done();
  }
}
