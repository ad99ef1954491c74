import type { Id, OpenConnection } from '@dht/overlay';
import type { Connection } from '@libp2p/interface';
import type { TransportLimits } from './limits.ts';
import { type LinkOwner, PeerLink } from './peer-link.ts';
import { closeGently } from './streams.ts';

/** Which of the open connections to close. */
export type Surplus = <T extends OpenConnection>(connections: readonly T[]) => readonly T[];

/** The links to all peers, and which of them are kept open. */
export class PeerLinks {
  readonly #owner: LinkOwner;
  readonly #links = new Map<string, PeerLink>();
  readonly #surplus: Surplus;

  constructor(owner: LinkOwner, surplus: Surplus) {
    this.#owner = owner;
    this.#surplus = surplus;
  }

  get limits(): TransportLimits {
    return this.#owner.limits;
  }

  get(id: Id): PeerLink | undefined {
    return this.#links.get(id.hex);
  }

  ensure(id: Id): PeerLink {
    const known = this.#links.get(id.hex);
    if (known !== undefined) return known;
    const link = new PeerLink(id, this.#owner);
    this.#links.set(id.hex, link);
    return link;
  }

  connected(): PeerLink[] {
    return [...this.#links.values()].filter((link) => link.isConnected);
  }

  /** Closes those that nobody needs, but none that is sending. */
  async closeSurplus(): Promise<void> {
    const surplus = this.#surplus(this.connected());
    await Promise.all(surplus.filter((link) => link.isIdle).map((link) => link.close()));
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.close()));
  }

  /** Closes connections whose peers have not said within `strangerMs` what they want. */
  async closeStrangers(connections: readonly Connection[]): Promise<void> {
    const links = [...this.#links.values()];
    const own = new Set(links.flatMap((link) => [...link.connections]));
    const since = performance.now() - this.limits.strangerMs;
    const mute = links.filter((link) => !link.isConnected && link.connections.size > 0 && link.usedMs < since);
    const unused = connections.filter((connection) => !own.has(connection) && isUnused(connection, this.limits.strangerMs));
    await Promise.all([...mute.map((link) => link.close()), ...unused.map(closeGently)]);
  }

  /** Drops what is known of peers with whom nothing is open or under way. */
  forgetIdle(): void {
    for (const [key, link] of this.#links) if (link.isForgettable) this.#links.delete(key);
  }
}

function isUnused(connection: Connection, ms: number): boolean {
  return connection.streams.length === 0 && Date.now() - connection.timeline.open > ms;
}
