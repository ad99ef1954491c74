import type { Context } from './context.ts';

interface Waiting {
  readonly size: number;
  readonly sinceMs: number;
  readonly begin: () => void;
}

/**
 * Bounds the bytes that others may send here at the same time. What does not fit waits in its order, and is told to come when there
 * is room. Without this the nodes that coordinate and the nodes that store could fill each other's memory and wait for each other.
 */
export class Admission {
  private readonly ctx: Context;
  private bytes = 0;
  private waiting: Waiting[] = [];

  constructor(ctx: Context) {
    this.ctx = ctx;
  }

  /**
   * Calls `begin`, which takes the bytes, at once or later; later means that the asker must have some patience. `false`: neither, as
   * too many wait.
   */
  enter(size: number, begin: () => void): 'now' | 'later' | false {
    const { config, now } = this.ctx;
    if (this.waiting.length === 0 && this.hasRoomFor(size)) {
      begin();
      return 'now';
    }
    if (this.waiting.length >= config.requestsMax) return false;
    this.waiting.push({ size, sinceMs: now.monoMs, begin });
    return 'later';
  }

  /** So many bytes are here, or on their way. */
  take(size: number): void {
    this.bytes += size;
  }

  /** As many bytes are dealt with: the next may come. Who has waited too long has gone elsewhere by now. */
  leave(size: number): void {
    this.bytes -= size;
    const { config, now } = this.ctx;
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      const isStale = now.monoMs - next.sinceMs > config.storeTimeoutMs;
      if (!isStale && !this.hasRoomFor(next.size)) return;
      this.waiting.shift();
      if (!isStale) next.begin();
    }
  }

  private hasRoomFor(size: number): boolean {
    return this.bytes === 0 || this.bytes + size <= this.ctx.config.incomingBytesMax;
  }
}
