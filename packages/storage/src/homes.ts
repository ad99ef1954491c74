import type { Contact } from '@dht/overlay';
import type { BlockRef } from './block.ts';
import type { Context } from './context.ts';
import type { Placement } from './placement.ts';

/** Where a block belongs. */
export interface Home {
  readonly block: BlockRef;
  /** The r nodes closest to it, without this one; fewer when there are fewer. */
  readonly members: readonly Contact[];
}

/** How long one lookup may take. */
const lookupMs = 10_000;

/**
 * Where copies belong that this node holds, whoever is responsible for them. For those near to it the leaf set says so; for others, such as
 * came here while a partition had this node among the closest of a few, one lookup after the other, each of which tells of an arc.
 */
export class Homes {
  private readonly ctx: Context;
  private readonly placement: Placement;

  constructor(ctx: Context, placement: Placement) {
    this.ctx = ctx;
    this.placement = placement;
  }

  /** With at most so many lookups, and none after one that failed. `missing`: blocks whose home was not found, or not looked for any more. */
  find(blocks: readonly BlockRef[], lookupsMax: number, done: (homes: readonly Home[], missing: number) => void): void {
    const homes: Home[] = [];
    let lookups = 0;
    const next = (from: number): void => {
      for (let index = from; index < blocks.length; index++) {
        const block = blocks[index] as BlockRef;
        const known = this.placement.known(block.key);
        if (known !== undefined) homes.push(this.homeOf(block, known.contacts));
        else if (lookups < lookupsMax) {
          lookups++;
          this.placement.locate(block.key, true, lookupMs, (located) => {
            if (typeof located !== 'string') homes.push(this.homeOf(block, located.contacts));
            // The next one would as likely fail, and whoever hands over before it leaves cannot wait for each of them.
            else lookups = Number.POSITIVE_INFINITY;
            next(index + 1);
          });
          return;
        }
      }
      done(homes, blocks.length - homes.length);
    };
    next(0);
  }

  private homeOf(block: BlockRef, contacts: readonly Contact[]): Home {
    const members = contacts.slice(0, this.ctx.config.replicas).filter(({ id }) => !this.ctx.isSelf(id));
    return { block, members };
  }
}
