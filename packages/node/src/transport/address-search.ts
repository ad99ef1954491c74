import type { Id } from '@dht/overlay';
import type { Connection } from '@libp2p/interface';
import type { AddressRecord } from './address-book.ts';
import type { Dialler } from './dialler.ts';
import type { KadPlane } from './kad-plane.ts';

const second = 1000;

/**
 * A peer is looked for when it is still wanted so long after it was first found missing. A node that crashes is missed by its
 * whole leaf set at the same moment, and if all of them searched at once that would cost more than everything else they do
 * (measured: 50 nodes on 2 cores came to a standstill); a node that moves tells its neighbours of its new address itself.
 */
const patienceMsDefault = 30 * second;
/** Between two searches for the same peer: one that is simply down need not be looked for all the time. */
const searchPauseMs = 60 * second;
/** Nobody has wanted the peer for so long: when it is missed again, that is another absence. */
const forgetMs = 5 * 60 * second;
const absencesMax = 1000;

interface Absence {
  readonly sinceMs: number;
  wantedMs: number;
  searchedMs: number;
}

/** Looks on the second plane for peers that are at none of the addresses in their records, one at a time. */
export class AddressSearch {
  readonly #kad: KadPlane;
  readonly #dialler: Dialler;
  readonly #patienceMs: number;
  readonly #absences = new Map<string, Absence>();
  #isSearching = false;

  constructor(kad: KadPlane, dialler: Dialler, patienceMs: number = patienceMsDefault) {
    this.#kad = kad;
    this.#dialler = dialler;
    this.#patienceMs = patienceMs;
  }

  /** A connection to the peer at an address that its record does not name; undefined when it is not, or not yet, looked for. */
  async connect({ id, peerId, multiaddrs }: AddressRecord, signal: AbortSignal): Promise<Connection | undefined> {
    const absence = this.#missed(id);
    const nowMs = performance.now();
    const isDue = nowMs - absence.sinceMs >= this.#patienceMs && nowMs - absence.searchedMs >= searchPauseMs;
    if (!isDue || this.#isSearching) return undefined;
    absence.searchedMs = nowMs;
    this.#isSearching = true;
    try {
      const found = await this.#kad.findAddresses(peerId, multiaddrs, signal);
      return found.length === 0 ? undefined : await this.#dialler.dial(found, peerId, signal);
    } finally {
      this.#isSearching = false;
    }
  }

  /** The peer is there. */
  found({ hex }: Id): void {
    this.#absences.delete(hex);
  }

  #missed({ hex }: Id): Absence {
    const nowMs = performance.now();
    for (const [key, { wantedMs }] of this.#absences) {
      if (nowMs - wantedMs > forgetMs || this.#absences.size > absencesMax) this.#absences.delete(key);
    }
    const absence = this.#absences.get(hex) ?? { sinceMs: nowMs, wantedMs: nowMs, searchedMs: Number.NEGATIVE_INFINITY };
    absence.wantedMs = nowMs;
    this.#absences.set(hex, absence);
    return absence;
  }
}
