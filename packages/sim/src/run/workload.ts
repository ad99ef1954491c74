import type { SeededRandom } from '@dht/overlay';
import type { BlockRef } from '@dht/storage';
import { chance, exponential, pick, randomId } from '../engine/distributions.ts';
import { blockSize, newBlock } from '../machine/blocks.ts';
import type { Host } from '../machine/host.ts';
import type { Cluster } from '../world/cluster.ts';

/** Operations a second of the whole network. */
export interface WorkloadOptions {
  readonly putsPerSecond: number;
  readonly getsPerSecond: number;
  readonly lookupsPerSecond: number;
  /** Of all lookups, how many go in the other mode, 0 to 1. */
  readonly iterativeShare: number;
  /** Of all blocks that are put, how many are large ones, 0 to 1. */
  readonly largeShare: number;
}

/** Puts, gets and lookups from random active nodes, each a Poisson process, until it is told to stop. */
export class Workload {
  /** Blocks whose put was acknowledged. */
  readonly acknowledged: BlockRef[] = [];
  private readonly cluster: Cluster;
  private readonly options: WorkloadOptions;
  private readonly random: SeededRandom;
  private readonly alsoFrom: Host[] = [];
  private stopped = false;

  constructor(cluster: Cluster, options: WorkloadOptions) {
    this.cluster = cluster;
    this.options = options;
    this.random = cluster.world.stream('workload');
  }

  /** These ask as well, besides the nodes on the ring: half of all operations come from them. */
  serve(hosts: readonly Host[]): void {
    this.alsoFrom.push(...hosts);
  }

  start(): void {
    this.every(this.options.putsPerSecond, () => this.put());
    this.every(this.options.getsPerSecond, () => this.get());
    this.every(this.options.lookupsPerSecond, () => this.lookup());
  }

  stop(): void {
    this.stopped = true;
  }

  private every(perSecond: number, act: () => void): void {
    if (perSecond <= 0) return;
    const next = (): void => {
      if (this.stopped) return;
      if (this.cluster.hasActive()) act();
      this.cluster.world.engine.after(exponential(this.random, 1000 / perSecond), next);
    };
    this.cluster.world.engine.after(exponential(this.random, 1000 / perSecond), next);
  }

  private asker(): Host {
    const outside = chance(this.random, 0.5) ? pick(this.random, this.alsoFrom) : undefined;
    return outside ?? this.cluster.anyActive(this.random);
  }

  private put(): void {
    const block = newBlock(this.random, blockSize(this.random, this.options.largeShare));
    let known = false;
    this.cluster.put(this.asker(), block, undefined, ({ outcome }) => {
      if (outcome !== 'stored' || known) return;
      known = true;
      this.acknowledged.push(block);
    });
  }

  private get(): void {
    const block = pick(this.random, this.acknowledged);
    if (block !== undefined) this.cluster.get(this.asker(), block);
  }

  private lookup(): void {
    const mode = chance(this.random, this.options.iterativeShare) ? 'iterative' : 'recursive';
    this.cluster.lookup(this.asker(), randomId(this.random), mode);
  }
}
