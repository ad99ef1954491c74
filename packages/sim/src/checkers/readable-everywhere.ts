import type { GetResult } from '@dht/storage';
import { sample } from '../engine/distributions.ts';
import type { Host } from '../machine/host.ts';
import type { Cluster } from '../world/cluster.ts';
import type { Item, ItemLedger } from './item-ledger.ts';
import type { Violations } from './violations.ts';

const second = 1000;
const getTimeoutMs = 30 * second;
/** So many gets are under way at once, of all nodes and of each: more of them would be a test of the slowest line. */
const getsMax = 64;
const getsPerReader = 2;

/**
 * Eventually: every acknowledged block can be read from every node that can talk to one of those that hold it (blocks do not travel through
 * others). Asks for them in random order, so that not all ask for the same at once, and lets the time for that pass.
 */
export class ReadableEverywhere {
  readonly name = 'readable-everywhere';
  private readonly cluster: Cluster;
  private readonly ledger: ItemLedger;
  private readonly violations: Violations;
  /** Gets that were tried. */
  tried = 0;

  constructor(cluster: Cluster, ledger: ItemLedger, violations: Violations) {
    this.cluster = cluster;
    this.ledger = ledger;
    this.violations = violations;
  }

  /** Reads each block from every node, or from a random part of all those combinations when they are more than `readsMax`. */
  read(readsMax: number): void {
    const { cluster } = this;
    const items = this.ledger.owed();
    const readers = cluster.world.hosts.filter(({ runs, status }) => runs && status === 'active');
    if (items.length === 0 || readers.length === 0) return;
    const each = Math.max(1, Math.floor(readsMax / items.length));
    const all = sample(cluster.random, items, readsMax).flatMap((item) =>
      sample(cluster.random, readers, each).map((host) => ({ item, host })),
    );
    const reads = sample(
      cluster.random,
      all.filter(({ item, host }) => this.isInReach(item, host)),
      all.length,
    );
    const window = Math.min(getsMax, getsPerReader * readers.length);
    for (let from = 0; from < reads.length; from += window) this.readAll(reads.slice(from, from + window));
  }

  private isInReach({ copies }: Item, { index }: Host): boolean {
    const { reachability } = this.cluster.world.network;
    return [...copies].some((holder) => holder.runs && (holder.index === index || reachability.allows(index, holder.index)));
  }

  private readAll(reads: readonly { readonly item: Item; readonly host: Host }[]): void {
    let open = reads.length;
    for (const { item, host } of reads) {
      this.tried++;
      this.cluster.get(host, item.block, getTimeoutMs, (result) => {
        open--;
        this.judge(item, host, result);
      });
    }
    const answered = this.cluster.world.runUntil(() => open === 0, getTimeoutMs + 5 * second, 50);
    if (!answered) this.violations.add(this.name, 'eventually', `${open} gets were never answered`, []);
  }

  private judge({ block, copies }: Item, host: Host, { outcome }: GetResult): void {
    if (outcome === 'found') return;
    const holders = [...copies].filter(({ runs }) => runs);
    const held = holders.map(({ id }) => id).join(', ');
    this.violations.add(this.name, 'eventually', `get of ${block.key} from ${host.id}: ${outcome}, though ${held} have it`, [
      host,
      ...holders,
    ]);
  }
}
