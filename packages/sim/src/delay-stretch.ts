import type { Contact, RequestId } from '@dht/overlay';
import type { Message } from '@dht/storage';
import type { Host } from './host.ts';
import type { Observer } from './observer.ts';
import { Samples } from './samples.ts';
import type { World } from './world.ts';

/** Lookups that never come to a root are forgotten beyond this number. */
const underWayMax = 100_000;

/**
 * How much longer a lookup takes to its root than a packet sent straight there: from the first send of the origin to the root's
 * reply, dials, detours and repeats included, over the mean one-way latency between the two (relative delay penalty; Chu, Rao and
 * Zhang 2000). Lookups that end where they begin have none.
 */
export class DelayStretch implements Observer {
  readonly sends: readonly Message['type'][] = ['route', 'routeReply'];
  readonly ratios: Samples = new Samples();
  readonly routedMs: Samples = new Samples();
  readonly directMs: Samples = new Samples();
  private readonly world: Pick<World, 'findHost' | 'now' | 'network'>;
  private readonly issuedAt = new Map<string, number>();

  constructor(world: Pick<World, 'findHost' | 'now' | 'network'>) {
    this.world = world;
  }

  onSend(from: Host, _to: Contact, message: Message): void {
    if (message.type === 'route') {
      if (message.purpose === 'lookup' && message.request.origin.equals(from.id)) this.issued(message.request);
    } else if (message.type === 'routeReply' && message.root?.equals(from.id) === true) this.arrived(from, message.request);
  }

  private issued(request: RequestId): void {
    const key = keyOf(request);
    if (this.issuedAt.has(key)) return;
    this.issuedAt.set(key, this.world.now);
    if (this.issuedAt.size <= underWayMax) return;
    const [oldest] = this.issuedAt.keys();
    if (oldest !== undefined) this.issuedAt.delete(oldest);
  }

  private arrived(root: Host, request: RequestId): void {
    const key = keyOf(request);
    const issuedAt = this.issuedAt.get(key);
    const origin = this.world.findHost(request.origin);
    if (issuedAt === undefined || origin === undefined) return;
    this.issuedAt.delete(key);
    const routedMs = this.world.now - issuedAt;
    const directMs = this.world.network.meanDelayMs(origin, root);
    this.routedMs.add(routedMs);
    this.directMs.add(directMs);
    this.ratios.add(routedMs / directMs);
  }
}

function keyOf({ origin, incarnation, counter }: RequestId): string {
  return `${origin.hex}/${incarnation}/${counter}`;
}
