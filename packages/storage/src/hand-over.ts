import type { Id } from '@dht/overlay';
import type { BlockRef } from './block.ts';
import { Census, type Count } from './census.ts';
import type { Context } from './context.ts';
import type { Homes } from './homes.ts';
import type { CoreCommand, HandOverResult } from './io.ts';
import type { Pusher } from './pusher.ts';

export type HandOverCommand = Extract<CoreCommand, { readonly type: 'handOver' }>;

export interface HandOverParts {
  readonly ctx: Context;
  readonly pusher: Pusher;
  readonly homes: Homes;
}

/** Between two looks at what has arrived. */
const passMs = 250;

/**
 * Leaves without taking copies along: announces it, upon which the neighbours compute replica sets without this node and fetch what they
 * lack, and goes when every block held here is on the r nodes that are responsible for it without this one. What
 * they have not fetched by themselves is given to them.
 */
export class HandOver {
  private readonly ctx: Context;
  private readonly pusher: Pusher;
  private readonly homes: Homes;
  private readonly command: HandOverCommand;
  private readonly deadlineMs: number;
  private readonly onEnd: () => void;
  private passes = 0;
  /** Behind this key is the first page that is not yet safe; the next pass begins there. */
  private safeUpTo: Id | undefined;
  private remaining = 0;
  private isFull = false;
  isOver = false;

  constructor({ ctx, pusher, homes }: HandOverParts, command: HandOverCommand, onEnd: () => void) {
    this.ctx = ctx;
    this.pusher = pusher;
    this.homes = homes;
    this.command = command;
    this.onEnd = onEnd;
    this.deadlineMs = ctx.now.monoMs + command.timeoutMs;
    const isAlone = ctx.overlay.neighbourSet(1).length === 0;
    ctx.tellOverlay({ type: 'leave', done: false });
    if (isAlone) this.finish('alone');
    else this.later();
  }

  get ref(): number {
    return this.command.ref;
  }

  cancel(): void {
    this.finish('cancelled');
  }

  onTimer(): void {
    this.remaining = 0;
    this.isFull = false;
    this.passes++;
    this.page(this.safeUpTo);
  }

  private page(after: Id | undefined): void {
    const { ctx } = this;
    const whole = { from: ctx.self.id, to: ctx.self.id };
    ctx.disk.list(whole, after, ctx.config.keysPageLimit, ({ blocks, more }) => {
      this.homes.find(blocks, Number.POSITIVE_INFINITY, (homes, missing) => {
        this.remaining += missing;
        new Census(ctx, homes, (counts) => this.counted(counts, more ? blocks.at(-1) : undefined));
      });
    });
  }

  private counted(counts: readonly Count[], last: BlockRef | undefined): void {
    if (this.isOver) return;
    for (const { block, members, holders, lacking } of counts) {
      if (holders.length < members.length) this.remaining++;
      // The first pass leaves it to the neighbours, who are about to fetch it themselves.
      if (this.passes > 1) for (const member of lacking) this.pusher.offer(block, member, (outcome) => this.pushed(outcome === 'full'));
    }
    if (this.remaining === 0) this.safeUpTo = last?.key ?? this.safeUpTo;
    if (last !== undefined) this.page(last.key);
    else this.passed();
  }

  private passed(): void {
    this.ctx.event({ type: 'handOverProgress', remaining: this.remaining });
    if (this.remaining === 0) this.finish('handed-over');
    else if (this.ctx.now.monoMs >= this.deadlineMs) this.finish(this.isFull ? 'no-room' : 'timeout');
    else this.later();
  }

  private pushed(isFull: boolean): void {
    this.isFull ||= isFull;
  }

  private later(): void {
    this.ctx.after(Math.min(passMs, Math.max(1, this.deadlineMs - this.ctx.now.monoMs)), { type: 'handOver' });
  }

  /** Without room for its copies the node stays, still serving: to go on is then the user's decision. */
  private finish(outcome: HandOverResult['outcome']): void {
    if (this.isOver) return;
    this.isOver = true;
    if (outcome !== 'cancelled' && outcome !== 'no-room') this.ctx.tellOverlay({ type: 'leave', done: true });
    this.ctx.emit({ type: 'handOverDone', ref: this.command.ref, result: { outcome } });
    this.onEnd();
  }
}
