import type { Id } from '@dht/overlay';
import type { BlockRef, PutResult } from '@dht/storage';
import type { Host } from '../machine/host.ts';
import type { Observer } from '../world/observer.ts';
import type { World } from '../world/world.ts';
import type { Violations } from './violations.ts';

/** A block, where it lies, and whether somebody was told that it is stored. */
export interface Item {
  readonly block: BlockRef;
  /** Machines whose present disk has it, whether a process runs there or not. */
  readonly copies: Set<Host>;
  acknowledged: boolean;
}

/** The truth about every block: on which disks it is. Also a checker: the protocol itself never deletes the last copy. */
export class ItemLedger implements Observer {
  readonly name = 'last-copy';
  private readonly world: Pick<World, 'storageConfig'>;
  private readonly violations: Violations;
  private readonly items = new Map<string, Item>();

  constructor(world: Pick<World, 'storageConfig'>, violations: Violations) {
    this.world = world;
    this.violations = violations;
  }

  /** Blocks that somebody was told are stored. */
  acknowledged(): Item[] {
    return [...this.items.values()].filter((item) => item.acknowledged);
  }

  /**
   * Those that the network owes to everybody: acknowledged, and on the disk of a running node now. One whose holders are all
   * away is owed again when one of them is back.
   */
  owed(): Item[] {
    return this.acknowledged().filter(({ copies }) => live(copies).length > 0);
  }

  isOwed(key: Id): boolean {
    return this.items.get(key.hex)?.acknowledged === true && this.liveHolders(key).length > 0;
  }

  /** Running nodes that have the block. */
  liveHolders(key: Id): readonly Host[] {
    return live(this.items.get(key.hex)?.copies ?? new Set());
  }

  /** Acknowledged blocks that no running node has. */
  lost(): Item[] {
    return this.acknowledged().filter(({ copies }) => live(copies).length === 0);
  }

  onDurable(host: Host, block: BlockRef): void {
    const item = this.items.get(block.key.hex);
    if (item === undefined) this.items.set(block.key.hex, { block, copies: new Set([host]), acknowledged: false });
    else item.copies.add(host);
  }

  onSpoiled(host: Host, key: Id): void {
    this.items.get(key.hex)?.copies.delete(host);
  }

  onDeleted(host: Host, key: Id): void {
    const item = this.items.get(key.hex);
    if (item === undefined) return;
    const had = item.copies.delete(host);
    if (!had || !item.acknowledged) return;
    const left = live(item.copies).length;
    const { writeQuorum } = this.world.storageConfig;
    if (left < writeQuorum)
      this.violations.add(this.name, 'always', `deleted its copy of ${key} and left ${left} on running nodes`, [host]);
  }

  onPut(_host: Host, block: BlockRef, result: PutResult): void {
    const item = this.items.get(block.key.hex);
    if (item !== undefined && result.outcome === 'stored') item.acknowledged = true;
  }

  /** A machine that comes back with another disk has lost what was on the old one. */
  onStart(host: Host): void {
    for (const item of this.items.values()) if (item.copies.has(host) && !host.disk.has(item.block.key)) item.copies.delete(host);
  }
}

function live(copies: ReadonlySet<Host>): readonly Host[] {
  return [...copies].filter(({ state }) => state !== 'off');
}
