import type { Contact } from '@dht/overlay';
import type { Libp2pTransport } from './transport/libp2p-transport.ts';

/** An address is looked at again after this. */
const pauseMs = 30_000;
const addressesMax = 256;

/**
 * Where a peer used to be, somebody else answers now: machines swap their addresses when they start anew, daemons of one machine
 * their ports. Whoever it is may be of the same network, and knows the way to the others.
 */
export class Strangers {
  private readonly transport: Libp2pTransport;
  private readonly signal: AbortSignal;
  private readonly onMet: (stranger: Contact) => void;
  private readonly visitedMs = new Map<string, number>();

  constructor(transport: Libp2pTransport, signal: AbortSignal, onMet: (stranger: Contact) => void) {
    this.transport = transport;
    this.signal = signal;
    this.onMet = onMet;
  }

  /** Another peer answers at an address of `absent`. */
  async visit(absent: Contact): Promise<void> {
    const known = this.transport.addresses(absent)?.multiaddrs ?? [];
    const addresses = known.map((address) => address.replace(/\/p2p\/.*$/, '')).filter((address) => this.isDue(address));
    const visits = addresses.map((address) => this.transport.connect(address, this.signal));
    for (const visit of await Promise.allSettled(visits)) if (visit.status === 'fulfilled') this.onMet(visit.value);
  }

  private isDue(address: string): boolean {
    const nowMs = performance.now();
    if (nowMs - (this.visitedMs.get(address) ?? Number.NEGATIVE_INFINITY) < pauseMs) return false;
    if (this.visitedMs.size >= addressesMax) this.visitedMs.clear();
    this.visitedMs.set(address, nowMs);
    return true;
  }
}
