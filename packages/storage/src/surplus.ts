import type { Arc, Id } from '@dht/overlay';
import { isWhole } from './arcs.ts';
import { Census, type Count } from './census.ts';
import type { Context } from './context.ts';
import type { Homes } from './homes.ts';
import type { Pusher } from './pusher.ts';
import type { Responsibility } from './responsibility.ts';

/** Copies looked at in one round: few, because nothing is urgent about them. */
const pageLimit = 200;
/** Lookups for one page of them: what is not found then has its turn again. */
const lookupsMax = 32;

export interface SurplusParts {
  readonly ctx: Context;
  readonly own: Responsibility;
  readonly pusher: Pusher;
  readonly homes: Homes;
}

/**
 * Looks after copies that this node is not responsible for: remains of an earlier ring, or copies it took for a failed replica. Members of the
 * replica set that lack such a block are given it, which is how the last copy finds its way home. A copy is deleted only when all
 * r members said that they hold it and are synced for it, and after some minutes without any change.
 */
export class Surplus {
  private readonly parts: SurplusParts;
  private readonly ctx: Context;
  /** Where the next round goes on. */
  private after: Id | undefined;
  private calmSinceMs = 0;
  private isRunning = false;

  constructor(parts: SurplusParts) {
    this.parts = parts;
    this.ctx = parts.ctx;
  }

  onLeafSetChanged(): void {
    this.calmSinceMs = this.ctx.now.monoMs;
  }

  /** One page of surplus copies. */
  round(): void {
    const arc = this.beyond();
    if (this.isRunning || arc === undefined) return;
    this.isRunning = true;
    this.ctx.disk.list(arc, this.after, pageLimit, ({ blocks, more }) => {
      this.after = more ? blocks.at(-1)?.key : undefined;
      this.parts.homes.find(blocks, lookupsMax, (homes) => new Census(this.ctx, homes, (counts) => this.counted(counts)));
    });
  }

  /** What this node is not responsible for; it starts anew when the responsibility has moved over the place reached. */
  private beyond(): Arc | undefined {
    const { arc } = this.parts.own;
    if (arc === undefined || isWhole(arc)) return undefined;
    return { from: arc.to, to: arc.from };
  }

  private counted(counts: readonly Count[]): void {
    this.isRunning = false;
    const isCalm = this.ctx.now.monoMs - this.calmSinceMs >= this.ctx.config.surplusCalmMs;
    for (const { block, members, lacking, isConfirmed } of counts) {
      for (const member of lacking) this.parts.pusher.offer(block, member);
      if (isConfirmed && isCalm && members.length >= this.ctx.config.replicas && !this.ctx.isMember(block.key)) this.delete(block.key);
    }
  }

  private delete(key: Id): void {
    this.ctx.disk.delete(key, (outcome) => {
      if (outcome === 'durable') this.ctx.counters.deletedBlocks++;
    });
  }
}
