import type { Contact } from './contact.ts';
import type { Context } from './context.ts';
import type { Membership } from './membership.ts';
import type { Peer } from './peers.ts';
import { compareClockwise } from './ring.ts';
import { SparseMap } from './sparse-map.ts';
import type { Verifications } from './verification.ts';

/** Candidates taken from replies at most. */
const candidatesMax = 256;

/** The nodes around its place that a joiner has heard of, and what becomes of them. */
export class JoinCandidates {
  readonly #context: Context;
  readonly #membership: Membership;
  readonly #verifications: Verifications;
  readonly #byHex: SparseMap<string, Peer> = new SparseMap();

  constructor(context: Context, membership: Membership, verifications: Verifications) {
    this.#context = context;
    this.#membership = membership;
    this.#verifications = verifications;
  }

  get size(): number {
    return this.#byHex.size;
  }

  values(): Iterable<Peer> {
    return this.#byHex.values();
  }

  delete(peer: Peer): void {
    this.#byHex.delete(peer.id.hex);
  }

  clear(): void {
    this.#byHex.clear();
  }

  collect(contacts: readonly Contact[]): void {
    for (const contact of contacts) {
      if (contact.role !== 'full' || this.#context.isSelf(contact.id)) continue;
      if (this.#byHex.size >= candidatesMax) return;
      const peer = this.#membership.meet(contact);
      if (this.#context.isFailed(contact)) {
        this.#askAnew(peer);
        continue;
      }
      // It was joining as well when this node heard of it last, and may be in the ring by now.
      if (peer.status === 'joining') peer.status = undefined;
      this.#byHex.set(contact.id.hex, peer);
    }
  }

  /** Members name one whose dial was refused here: perhaps before this node knew anybody who could have said that it lives. */
  #askAnew(peer: Peer): void {
    const { leafSet, config } = this.#context;
    if (leafSet.isNear(peer.id, config.nearNeighbours)) this.#verifications.start(peer, 'candidate', { routed: false, delayMs: 0 });
  }

  /** Probes those of the nearest that have not answered, all at the same time. */
  askNear(): void {
    for (const peer of this.nearest()) {
      if (!peer.isLeaf) this.#verifications.start(peer, 'candidate', { routed: false, delayMs: 0 });
    }
  }

  /** The near neighbours to be, in clockwise order from here. */
  nearest(): readonly Peer[] {
    const around = this.#around();
    const count = this.#context.config.nearNeighbours;
    return around.length <= 2 * count ? around : [...around.slice(0, count), ...around.slice(-count)];
  }

  /** The predecessor to be. */
  closestBehind(): Peer | undefined {
    // That this node cannot dial a relayed one is known.
    return this.#around().findLast((peer) => !peer.suspected || peer.relayed);
  }

  /** Known nodes in clockwise order from here. */
  #around(): readonly Peer[] {
    const known = new Set<Peer>(this.#context.leafSet.members);
    for (const peer of this.#byHex.values()) {
      if (peer.status !== 'joining' && !this.#context.isFailed(peer.contact)) known.add(peer);
    }
    const { self } = this.#context;
    return [...known].sort((a, b) => compareClockwise(self.id, a.id, b.id));
  }
}
