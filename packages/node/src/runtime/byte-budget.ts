interface Waiting {
  readonly bytes: number;
  readonly start: () => void;
}

/**
 * Bounds the bytes that are in memory at once for one purpose. First come, first served; one that is larger than the whole
 * budget gets it alone.
 */
export class ByteBudget {
  readonly max: number;
  private readonly waiting: Waiting[] = [];
  private used = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** Resolves when there is room; then the bytes are taken. Rejects when the signal is aborted before. */
  take(bytes: number, signal?: AbortSignal): Promise<void> {
    if (this.waiting.length === 0 && this.fits(bytes)) {
      this.used += bytes;
      return Promise.resolve();
    }
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        bytes,
        start: () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
      };
      const abort = (): void => {
        this.waiting.splice(this.waiting.indexOf(entry), 1);
        reject(signal?.reason);
        this.startWaiting();
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.waiting.push(entry);
    });
  }

  give(bytes: number): void {
    this.used -= bytes;
    this.startWaiting();
  }

  private startWaiting(): void {
    for (let next = this.waiting[0]; next !== undefined && this.fits(next.bytes); next = this.waiting[0]) {
      this.waiting.shift();
      this.used += next.bytes;
      next.start();
    }
  }

  private fits(bytes: number): boolean {
    return this.used === 0 || this.used + bytes <= this.max;
  }
}
