import { statfs } from 'node:fs/promises';

const mebibyte = 1024 * 1024;
/** How long and for how many written bytes one look at the disk is good. */
const lookMs = 1000;
const lookBytes = 64 * mebibyte;

/** Whether the disk has room beyond the reserve that is kept for metadata and removals (DESIGN §5). */
export class FreeSpace {
  private readonly path: string;
  private readonly reserveBytes: number;
  private freeBytes = 0;
  private takenBytes = 0;
  private lookedAtMs = Number.NEGATIVE_INFINITY;
  private looking: Promise<void> | undefined;

  constructor(path: string, reserveBytes: number) {
    this.path = path;
    this.reserveBytes = reserveBytes;
  }

  /** Counts `bytes` as taken when there is room for them. */
  async take(bytes: number): Promise<boolean> {
    const due = performance.now() - this.lookedAtMs > lookMs || this.takenBytes > lookBytes;
    if (due) {
      this.looking ??= this.look();
      await this.looking;
    }
    if (this.freeBytes - this.takenBytes - bytes < this.reserveBytes) return false;
    this.takenBytes += bytes;
    return true;
  }

  private async look(): Promise<void> {
    try {
      const stats = await statfs(this.path);
      this.freeBytes = stats.bavail * stats.bsize;
    } catch {
      // A file system that does not tell: writes themselves will say when it is full.
      this.freeBytes = Number.POSITIVE_INFINITY;
    }
    this.takenBytes = 0;
    this.lookedAtMs = performance.now();
    this.looking = undefined;
  }
}
