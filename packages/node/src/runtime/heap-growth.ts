import { setFlagsFromString } from 'node:v8';

const bulkPercent = 300;
/** V8 decides for itself. */
const defaultPercent = 0;
const calmMs = 10_000;

/**
 * While blocks pass through, garbage may come to three times of what lives before it is collected. V8 counts the bytes of buffers
 * like objects, and beside the 16 MiB that live in a daemon its own limit is reached with every few blocks: 20 full collections
 * for a put of 60 MiB against 7, a third of all processor time, at 35 MiB more of memory (Node 24, measured). A node at rest goes
 * back to V8's own thrift.
 */
export class HeapGrowth {
  private calm: NodeJS.Timeout | undefined;

  /** A block is in memory. */
  onBlock(): void {
    if (this.calm !== undefined) {
      this.calm.refresh();
      return;
    }
    setPercent(bulkPercent);
    this.calm = setTimeout(() => this.stop(), calmMs).unref();
  }

  stop(): void {
    if (this.calm === undefined) return;
    clearTimeout(this.calm);
    this.calm = undefined;
    setPercent(defaultPercent);
  }
}

function setPercent(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
