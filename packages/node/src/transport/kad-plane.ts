import { type Connection, type PeerId, type Startable, start, stop } from '@libp2p/interface';
import type { KadDHT } from '@libp2p/kad-dht';
import type { Ping } from '@libp2p/ping';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Libp2pNode } from './libp2p-node.ts';
import { streamsPerProtocolMax } from './limits.ts';
import { kadProtocol } from './protocols.ts';

const second = 1000;
const minute = 60 * second;

export interface KadPlaneOptions {
  /** Asks, and answers nobody. */
  readonly isClient: boolean;
  /** A connection is so old before its peer is asked what it speaks, within a factor of two: short ones are not worth it. */
  readonly identifyDelayMs?: number;
  /** A peer has to be missing for so long, and still be wanted, before it is looked for. */
  readonly searchAfterMs?: number;
}

const identifyDelayMsDefault = 10 * second;
/** Upkeep of kad's own routing table, by which a settled node does next to nothing. */
const querySelfIntervalMs = 30 * minute;
const searchMs = 5 * second;
/** Peers asked at a time in a search, a third of libp2p's default: searches are rare and not urgent. */
const concurrency = 3;

/**
 * The second plane (DESIGN §6): kad-dht, off the hot path, for the current addresses of a peer whose record is outdated. It lives
 * on the connections that are there anyway and dials only while a search of this node runs, never for its own upkeep.
 */
export class KadPlane {
  readonly #node: Libp2pNode;
  readonly #kad: KadDHT & Startable;
  readonly #identifyDelayMs: number;
  readonly #stopped = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  #searches = 0;

  private constructor(node: Libp2pNode, kad: KadDHT, options: KadPlaneOptions) {
    this.#node = node;
    this.#kad = kad as KadDHT & Startable;
    this.#identifyDelayMs = options.identifyDelayMs ?? identifyDelayMsDefault;
  }

  /** Loads kad-dht, which no node needs to start. */
  static async start(node: Libp2pNode, options: KadPlaneOptions): Promise<KadPlane> {
    const { kadDHT, passthroughMapper } = await import('@libp2p/kad-dht');
    const kad = kadDHT({
      protocol: kadProtocol,
      clientMode: options.isClient,
      // Nodes may well be on private networks only, or all on one host.
      peerInfoMapper: passthroughMapper,
      allowQueryWithZeroPeers: true,
      querySelfInterval: querySelfIntervalMs,
      alpha: concurrency,
      disjointPaths: concurrency,
      maxInboundStreams: streamsPerProtocolMax,
      maxOutboundStreams: streamsPerProtocolMax,
    })(node.components as typeof node.components & { ping: Ping });
    const plane = new KadPlane(node, kad, options);
    await start(plane.#kad);
    node.libp2p.addEventListener('connection:open', plane.#onConnection);
    for (const connection of node.libp2p.getConnections()) plane.#identifyLater(connection);
    return plane;
  }

  /** Whether kad-dht may dial now. */
  get isSearching(): boolean {
    return this.#searches > 0;
  }

  /**
   * Addresses of a peer as other nodes know them, of which at least one is not in `known`; none when nobody knows better. They
   * are not signed: the connection proves the peer.
   */
  async findAddresses(peerId: PeerId, known: readonly Multiaddr[], signal: AbortSignal): Promise<readonly Multiaddr[]> {
    const limit = AbortSignal.any([signal, this.#stopped.signal, AbortSignal.timeout(searchMs)]);
    this.#searches++;
    try {
      for await (const event of this.#kad.findPeer(peerId, { signal: limit, useCache: false })) {
        if (event.name !== 'FINAL_PEER') continue;
        const found = event.peer.multiaddrs;
        if (found.some((address) => !known.some((other) => other.equals(address)))) return found;
      }
    } catch {
      // Not found, or not in time: both mean that nobody knows better.
    } finally {
      this.#searches--;
    }
    return [];
  }

  async stop(): Promise<void> {
    this.#node.libp2p.removeEventListener('connection:open', this.#onConnection);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#stopped.abort();
    await stop(this.#kad);
  }

  readonly #onConnection = ({ detail }: CustomEvent<Connection>): void => this.#identifyLater(detail);

  /** What identify learns, libp2p tells kad-dht: addresses, and whether the peer speaks its protocol. */
  #identifyLater(connection: Connection): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        if (connection.status === 'open') void this.#identify(connection);
      },
      this.#identifyDelayMs * (1 + Math.random()),
    );
    timer.unref();
    this.#timers.add(timer);
  }

  async #identify(connection: Connection): Promise<void> {
    try {
      await this.#node.identify.identify(connection);
    } catch {
      // The connection closed, or the peer does not speak identify: then it is none for kad-dht.
    }
  }
}
