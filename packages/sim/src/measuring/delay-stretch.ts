import { type Contact, isNamed, type RequestId, requestKeyOf } from '@dht/overlay';
import type { Message } from '@dht/storage';
import type { Host } from '../machine/host.ts';
import type { Observer } from '../world/observer.ts';
import type { World } from '../world/world.ts';
import { Samples } from './samples.ts';

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
  private readonly world: Pick<World, 'now' | 'network'>;
  private readonly underWay = new Map<string, { readonly origin: Host; readonly atMs: number }>();

  constructor(world: Pick<World, 'now' | 'network'>) {
    this.world = world;
  }

  onSend(from: Host, _to: Contact, message: Message): void {
    if (message.type === 'route') {
      if (message.purpose === 'lookup' && message.request.origin.equals(from.id)) this.issued(from, message.request);
    } else if (message.type === 'routeReply' && message.root !== undefined && isNamed(message.root, from.id))
      this.arrived(from, message.request);
  }

  private issued(origin: Host, request: RequestId): void {
    const key = requestKeyOf(request);
    if (this.underWay.has(key)) return;
    this.underWay.set(key, { origin, atMs: this.world.now });
    if (this.underWay.size <= underWayMax) return;
    const [oldest] = this.underWay.keys();
    if (oldest !== undefined) this.underWay.delete(oldest);
  }

  private arrived(root: Host, request: RequestId): void {
    const key = requestKeyOf(request);
    const issued = this.underWay.get(key);
    if (issued === undefined) return;
    this.underWay.delete(key);
    const routedMs = this.world.now - issued.atMs;
    const directMs = this.world.network.meanDelayMs(issued.origin, root);
    this.routedMs.add(routedMs);
    this.directMs.add(directMs);
    this.ratios.add(routedMs / directMs);
  }
}
