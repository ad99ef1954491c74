import type { Message } from '@dht/storage';
import { type RequestPurpose, RequestPurposes } from './request-purposes.ts';

/**
 * Types are those of messages, and `block` for the bytes of blocks. Messages that a request and its reply travel in are counted by
 * what the request is for.
 */
export type TrafficType = Exclude<Message['type'], 'route' | 'routeReply'> | RoutedType | 'block';

type RoutedType = `${'route' | 'routeReply'}/${RequestPurpose}`;

export interface TrafficCount {
  messages: number;
  bytes: number;
}

/** What lookups themselves are made of; acknowledgements of hops are control, as in the evaluation of MSPastry. */
const lookupTypes: ReadonlySet<TrafficType> = new Set(['route/lookup', 'routeReply/lookup', 'findNext', 'findNextReply']);
const controlTypes: ReadonlySet<TrafficType> = new Set([
  'heartbeat',
  'probe',
  'probeReply',
  'indirectProbe',
  'indirectReply',
  'leafSet',
  'leaving',
  'route/join',
  'route/probe',
  'route/merge',
  'routeReply/join',
  'routeReply/probe',
  'routeReply/merge',
  'routeAck',
  'routeRefused',
  'joinRequest',
  'joinGrant',
  'joinRefused',
  'joinCommit',
  'joinCommitted',
  'tableRequest',
  'tableReply',
]);

/** Whose traffic it is: the upkeep of the ring, lookups, or storage. */
export type TrafficClass = 'control' | 'lookup' | 'storage';

/** Messages and bytes sent so far, by type. */
export class Traffic {
  private readonly counts = new Map<TrafficType, TrafficCount>();
  private readonly purposes = new RequestPurposes();

  add(message: Message, bytes: number): TrafficType {
    const type = this.typeOf(message);
    this.addTo(type, bytes);
    return type;
  }

  addBlock(bytes: number): void {
    this.addTo('block', bytes);
  }

  /** Counts from zero on. */
  restart(): void {
    this.counts.clear();
  }

  /** Most bytes first. */
  byType(): [TrafficType, Readonly<TrafficCount>][] {
    return [...this.counts].sort((a, b) => b[1].bytes - a[1].bytes);
  }

  /** Messages alone, without the blocks that travel beside them. */
  get mail(): number {
    return this.total().messages - (this.counts.get('block')?.messages ?? 0);
  }

  /** Of one class, or of all together. */
  total(only?: TrafficClass): Readonly<TrafficCount> {
    const total = { messages: 0, bytes: 0 };
    for (const [type, { messages, bytes }] of this.counts) {
      if (only !== undefined && classOf(type) !== only) continue;
      total.messages += messages;
      total.bytes += bytes;
    }
    return total;
  }

  private typeOf(message: Message): TrafficType {
    if (message.type === 'route') return `route/${this.purposes.note(message)}`;
    return message.type === 'routeReply' ? `routeReply/${this.purposes.of(message.request)}` : message.type;
  }

  private addTo(type: TrafficType, bytes: number): void {
    const count = this.counts.get(type);
    if (count === undefined) {
      this.counts.set(type, { messages: 1, bytes });
      return;
    }
    count.messages++;
    count.bytes += bytes;
  }
}

function classOf(type: TrafficType): TrafficClass {
  if (lookupTypes.has(type)) return 'lookup';
  return controlTypes.has(type) ? 'control' : 'storage';
}
