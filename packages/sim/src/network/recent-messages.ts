import type { TrafficType } from './traffic.ts';

/** A power of two, for the mask. */
const capacity = 1 << 16;

export interface RecentMessage {
  readonly atMs: number;
  readonly from: number;
  readonly to: number;
  readonly type: TrafficType;
}

/** The last messages of the whole run, kept to be shown beside a violation. */
export class RecentMessages {
  private readonly times = new Float64Array(capacity);
  private readonly from = new Int32Array(capacity);
  private readonly to = new Int32Array(capacity);
  private readonly types: TrafficType[] = new Array(capacity).fill('heartbeat');
  private count = 0;

  add(atMs: number, from: number, to: number, type: TrafficType): void {
    const slot = this.count++ & (capacity - 1);
    this.times[slot] = atMs;
    this.from[slot] = from;
    this.to[slot] = to;
    this.types[slot] = type;
  }

  /** Up to `limit` of the last messages from and to one of `hosts`, and between two of them when there are several; oldest first. */
  among(hosts: readonly number[], limit: number): RecentMessage[] {
    const concerned = new Set(hosts);
    const found: RecentMessage[] = [];
    const oldest = Math.max(0, this.count - capacity);
    for (let i = this.count - 1; i >= oldest && found.length < limit; i--) {
      const slot = i & (capacity - 1);
      const [from, to] = [this.from[slot] as number, this.to[slot] as number];
      const both = concerned.has(from) && concerned.has(to);
      const one = concerned.has(from) || concerned.has(to);
      if (concerned.size > 1 ? both : one)
        found.push({ atMs: this.times[slot] as number, from, to, type: this.types[slot] as TrafficType });
    }
    return found.reverse();
  }
}
