import type { CommandRef, Id } from '@dht/overlay';
import type { Context } from './context.ts';
import type { Located, Placement } from './placement.ts';
import { OpenRequest } from './requests.ts';

export interface RoundCommand {
  readonly ref: CommandRef;
  readonly timeoutMs: number;
}

/** The pause after the first round; it doubles with each. */
const retryMsMin = 200;
const retryMsMax = 2_000;

/**
 * A put or a get that the driver waits for. It goes in rounds, and each finds out anew who is responsible, until one settles it
 * or its time is up.
 */
export abstract class RoundRequest extends OpenRequest {
  protected abstract readonly key: Id;
  private rounds = 0;
  private readonly placement: Placement;
  private readonly ref: CommandRef;
  private readonly deadlineMs: number;

  constructor(ctx: Context, placement: Placement, { ref, timeoutMs }: RoundCommand) {
    super(ctx);
    this.placement = placement;
    this.ref = ref;
    this.deadlineMs = ctx.now.monoMs + timeoutMs;
    // Repair steps back while the driver waits.
    ctx.foreground++;
    this.arm(timeoutMs, { type: 'expiry', counter: this.id.counter });
  }

  override get commandRef(): CommandRef {
    return this.ref;
  }

  protected abstract onLocated(located: Located): void;
  /** This node is not a member of a network now. */
  protected abstract onNotActive(): void;

  protected beginRound(): void {
    const remainingMs = Math.max(1, this.deadlineMs - this.ctx.now.monoMs);
    this.placement.locate(this.key, this.rounds++ > 0, remainingMs, (located) => {
      if (!this.isOpen) return;
      if (located === 'not-active') this.onNotActive();
      else if (typeof located === 'string') this.retryLater();
      else this.onLocated(located);
    });
  }

  protected retryLater(): void {
    const delayMs = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(this.rounds - 1, 10));
    this.arm(this.ctx.jittered(delayMs), { type: 'retry', counter: this.id.counter });
  }

  protected override close(): void {
    this.ctx.foreground--;
    super.close();
  }
}
