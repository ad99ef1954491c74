import type { Id } from '@dht/overlay';
import type { Connection } from '@libp2p/interface';
import type { AddressRecord } from './address-book.ts';
import type { Dialler } from './dialler.ts';
import type { KadPlane } from './kad-plane.ts';

/** Between two searches for the same peer: one that is simply down need not be looked for all the time. */
const searchPauseMs = 60_000;

/** Looks on the second plane for peers that are at none of the addresses in their records. */
export class AddressSearch {
  readonly #kad: KadPlane;
  readonly #dialler: Dialler;
  readonly #startedMs = new Map<string, number>();

  constructor(kad: KadPlane, dialler: Dialler) {
    this.#kad = kad;
    this.#dialler = dialler;
  }

  /** A connection to the peer at an address that its record does not name; undefined when it was looked for a short while ago. */
  async connect({ id, peerId, multiaddrs }: AddressRecord, signal: AbortSignal): Promise<Connection | undefined> {
    if (!this.#isDue(id)) return undefined;
    const found = await this.#kad.findAddresses(peerId, multiaddrs, signal);
    return found.length === 0 ? undefined : this.#dialler.dial(found, peerId, signal);
  }

  #isDue({ hex }: Id): boolean {
    const nowMs = performance.now();
    for (const [key, startedMs] of this.#startedMs) if (nowMs - startedMs > searchPauseMs) this.#startedMs.delete(key);
    if (this.#startedMs.has(hex)) return false;
    this.#startedMs.set(hex, nowMs);
    return true;
  }
}
