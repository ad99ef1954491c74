import type { Holder, PutResult } from '@dht/storage';
import type { Receipt } from '../api/contract.ts';

const shortfallsByWeight = ['none', 'too-few-nodes', 'unreachable', 'full'] as const;
type Shortfall = (typeof shortfallsByWeight)[number];

/** Sums up who holds the blocks of a put. */
export class ReceiptTally {
  private readonly replicas: number;
  private readonly writeQuorum: number;
  private readonly histogram: number[] = [];
  private readonly holders = new Map<string, { id: string; storeId: string; blocks: number }>();
  private blocks = 0;
  private shortfall: Shortfall = 'none';

  constructor(replicas: number, writeQuorum: number) {
    this.replicas = replicas;
    this.writeQuorum = writeQuorum;
  }

  /** Counts one block by its last result. A disk counts once, however many answers named it. */
  add(result: Pick<PutResult, 'holders' | 'shortfall'>): void {
    const disks = new Map(result.holders.map((holder) => [`${holder.node.id.hex} ${holder.storeId}`, holder]));
    for (const [key, holder] of disks) this.addHolder(key, holder);
    for (let copies = this.histogram.length; copies <= disks.size; copies++) this.histogram.push(0);
    this.histogram[disks.size] = (this.histogram[disks.size] ?? 0) + 1;
    this.blocks++;
    if (weight(result.shortfall) > weight(this.shortfall)) this.shortfall = result.shortfall;
  }

  /** Blocks with fewer than w copies. */
  get belowQuorum(): number {
    return this.histogram.slice(0, this.writeQuorum).reduce((sum, count) => sum + count, 0);
  }

  receipt(): Receipt {
    const copiesMin = Math.max(
      0,
      this.histogram.findIndex((count) => count > 0),
    );
    const { blocks, replicas, writeQuorum, histogram, shortfall } = this;
    return { blocks, copiesMin, replicas, writeQuorum, histogram: [...histogram], holders: [...this.holders.values()], shortfall };
  }

  private addHolder(key: string, { node, storeId }: Holder): void {
    const known = this.holders.get(key);
    if (known === undefined) this.holders.set(key, { id: node.id.hex, storeId, blocks: 1 });
    else known.blocks++;
  }
}

function weight(shortfall: Shortfall): number {
  return shortfallsByWeight.indexOf(shortfall);
}
