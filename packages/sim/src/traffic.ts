import type { Message } from '@dht/storage';

/** Types are those of messages, and `block` for the bytes of blocks. */
export type TrafficType = Message['type'] | 'block';

export interface TrafficCount {
  messages: number;
  bytes: number;
}

/** Messages and bytes sent so far, by type. */
export class Traffic {
  private readonly counts = new Map<TrafficType, TrafficCount>();

  add(type: TrafficType, bytes: number): void {
    const count = this.counts.get(type);
    if (count === undefined) {
      this.counts.set(type, { messages: 1, bytes });
      return;
    }
    count.messages++;
    count.bytes += bytes;
  }

  /** Most bytes first. */
  byType(): [TrafficType, Readonly<TrafficCount>][] {
    return [...this.counts].sort((a, b) => b[1].bytes - a[1].bytes);
  }

  total(): Readonly<TrafficCount> {
    const total = { messages: 0, bytes: 0 };
    for (const { messages, bytes } of this.counts.values()) {
      total.messages += messages;
      total.bytes += bytes;
    }
    return total;
  }
}
