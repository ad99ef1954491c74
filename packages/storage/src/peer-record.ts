import type { Contact, Id } from '@dht/overlay';
import { SparseMap } from '@dht/overlay';
import type { Context } from './context.ts';
import type { TransferHeader } from './messages.ts';
import { RoundTrip } from './round-trip.ts';

/** Peers whose faults are remembered at most. */
const faultsMax = 1000;
const hedgeMsMin = 5;
/** A get in this many may be asked for twice, and so many of them in a row: hedging is for stragglers (Dean and Barroso 2013). */
const getsPerHedge = 10;
const hedgesInRowMax = 16;
const hedgeMsMax = 5_000;

/** What experience with peers says about whom to ask first, and how long to wait before asking another as well. */
export class PeerRecord {
  private readonly ctx: Context;
  /** From a get's question to the block, over all peers: grows with the load that blocks put on the network. */
  private readonly getTime = new RoundTrip();
  private hedgesLeft = hedgesInRowMax;
  /** Blocks that a peer sent with wrong bytes. */
  private readonly faults = new SparseMap<string, number>();

  constructor(ctx: Context) {
    this.ctx = ctx;
  }

  /** By faults, by whether the peer can be reached and send blocks, then by round-trip time; a connected peer before one that must be dialled. */
  bestFirst(contacts: readonly Contact[]): readonly Contact[] {
    const cost = new Map(contacts.map((contact) => [contact, this.cost(contact.id)]));
    return [...contacts].sort((a, b) => (cost.get(a) ?? 0) - (cost.get(b) ?? 0));
  }

  /** How long to wait for this peer's block before the next is asked too: what a get hardly ever takes. */
  hedgeMs(id: Id): number {
    const late = this.getTime.late;
    if (late === undefined) return this.ctx.config.hedgeMsInitial;
    return Math.min(hedgeMsMax, Math.max(hedgeMsMin, late, 2 * (this.ctx.overlay.rttMs(id) ?? 0)));
  }

  answered(elapsedMs: number): void {
    this.getTime.add(elapsedMs);
    this.hedgesLeft = Math.min(hedgesInRowMax, this.hedgesLeft + 1 / getsPerHedge);
  }

  /** Whether one more block may be asked for twice: when everything is slow, asking twice makes it slower. */
  mayHedge(): boolean {
    if (this.hedgesLeft < 1) return false;
    this.hedgesLeft--;
    return true;
  }

  faultsOf(id: Id): number {
    return this.faults.get(id.hex) ?? 0;
  }

  /** Counts against the peer, and tells it, so that it looks at its copy. */
  sentCorrupt(from: Contact, { request, block }: TransferHeader): void {
    const { ctx, faults } = this;
    const count = this.faultsOf(from.id) + 1;
    faults.delete(from.id.hex);
    faults.set(from.id.hex, count);
    for (const oldest of faults.keys()) {
      if (faults.size <= faultsMax) break;
      faults.delete(oldest);
    }
    ctx.counters.corruptBlocks++;
    ctx.event({ type: 'corruptBlock', from: from.id, key: block.key, request });
    ctx.send(from, { type: 'stored', request, key: block.key, storeId: ctx.storeId, synced: false, outcome: 'corrupt' });
  }

  private cost(id: Id): number {
    const { overlay } = this.ctx;
    // A new connection costs about 6 ms (DESIGN §6). Unmeasured peers are taken for slow ones of that kind.
    const distance = (overlay.rttMs(id) ?? 10) + (overlay.isConnected(id) ? 0 : 10);
    const isAway = overlay.isAvoided(id) || this.ctx.relays.isApart(id);
    return distance + (isAway ? 1e6 : 0) + 1e3 * Math.min(100, this.faultsOf(id));
  }
}
