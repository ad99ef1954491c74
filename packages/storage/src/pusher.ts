import { type Contact, type Id, SparseMap } from '@dht/overlay';
import type { BlockRef } from './block.ts';
import type { Context } from './context.ts';
import { OpenRequest, type ReplyMessage } from './requests.ts';

/** `held`: it had it, or got it meanwhile from elsewhere. */
export type PushOutcome = 'stored' | 'held' | 'full' | 'failed';

interface Push {
  readonly block: BlockRef;
  readonly to: Contact;
  readonly done: ((outcome: PushOutcome) => void) | undefined;
}

/** Copies given away at the same time at most, and waiting at most: what does not fit, the next round of repair finds again. */
const pushesMax = 16;
const waitingMax = 2_000;

/** Gives copies to nodes that are responsible for a block and lack it. They are asked first, because others may do the same. */
export class Pusher {
  private readonly ctx: Context;
  private readonly queue = new SparseMap<string, Push>();
  private readonly running = new SparseMap<string, Push>();
  private readonly onSpoiled: (key: Id) => void;
  private bytesInFlight = 0;

  /** `onSpoiled`: the disk could not give a copy back as it was written. */
  constructor(ctx: Context, onSpoiled: (key: Id) => void) {
    this.ctx = ctx;
    this.onSpoiled = onSpoiled;
  }

  get size(): number {
    return this.queue.size + this.running.size;
  }

  /** Nothing happens when the copy is on its way already, or too many are. */
  offer(block: BlockRef, to: Contact, done?: (outcome: PushOutcome) => void): void {
    const name = `${to.id.hex}/${block.key.hex}`;
    if (this.queue.has(name) || this.running.has(name) || this.queue.size >= waitingMax) return;
    this.queue.set(name, { block, to, done });
    this.pump();
  }

  private pump(): void {
    for (const [name, push] of this.queue) {
      if (this.running.size >= pushesMax || this.bytesInFlight >= this.ctx.config.repairBytesInFlightMax) return;
      this.queue.delete(name);
      this.running.set(name, push);
      this.bytesInFlight += push.block.size;
      new PushRequest(this.ctx, push, this.onSpoiled, (outcome) => this.end(name, push, outcome));
    }
  }

  private end(name: string, push: Push, outcome: PushOutcome): void {
    this.running.delete(name);
    this.bytesInFlight -= push.block.size;
    if (outcome === 'stored') {
      this.ctx.counters.pushedBlocks++;
      this.ctx.counters.repairBytes += push.block.size;
    }
    if (outcome === 'failed') this.leaveOnTheWay(push);
    push.done?.(outcome);
    this.pump();
  }

  /**
   * The node is reached by others only, and nobody that it reaches has the block. Then whoever passes on its mail gets a copy: there the node
   * looks for it, and there it is surplus that finds its way home.
   */
  private leaveOnTheWay({ block, to }: Push): void {
    const { relays } = this.ctx;
    const carrier = relays.isApart(to.id) ? relays.wayTo(to.id) : undefined;
    if (carrier !== undefined) this.offer(block, carrier);
  }
}

class PushRequest extends OpenRequest {
  private readonly push: Push;
  private readonly onSpoiled: (key: Id) => void;
  private readonly done: (outcome: PushOutcome) => void;
  private hasSent = false;

  constructor(ctx: Context, push: Push, onSpoiled: (key: Id) => void, done: (outcome: PushOutcome) => void) {
    super(ctx);
    this.push = push;
    this.onSpoiled = onSpoiled;
    this.done = done;
    ctx.send(push.to, { type: 'offer', request: this.id, purpose: 'replicate', block: push.block });
    this.expectAnswer(push.to.id, ctx.config.offerTimeoutMs);
  }

  onReply(from: Contact, message: ReplyMessage): void {
    if (!from.id.equals(this.push.to.id)) return;
    if (message.type === 'stored' && message.outcome === 'stored') this.finish(this.hasSent ? 'stored' : 'held');
    else if (message.type === 'stored') this.finish(message.outcome === 'full' ? 'full' : 'failed');
    else if (message.type !== 'offerReply') return;
    else if (message.answer === 'want') this.send();
    else if (message.answer === 'coming') this.onComing();
    else this.finish(message.answer === 'full' ? 'full' : 'failed');
  }

  onPeerGone(id: Id): void {
    if (id.equals(this.push.to.id)) this.finish('failed');
  }

  onTimer(): void {
    this.finish('failed');
  }

  /** From somebody else who gives it, or from whom it is fetched, as this node cannot send it: then whether that comes to anything is awaited. */
  private onComing(): void {
    const { to } = this.push;
    if (this.ctx.relays.isApart(to.id)) this.expectAnswer(to.id, this.ctx.config.storeTimeoutMs);
    else this.finish('held');
  }

  private send(): void {
    const { block, to } = this.push;
    this.expectAnswer(to.id, this.ctx.config.storeTimeoutMs);
    this.ctx.disk.read(block.key, (result) => {
      if (result.outcome === 'read' && this.isOpen) {
        this.hasSent = true;
        this.ctx.transfers.start(to, { request: this.id, purpose: 'replicate', block }, result.handle, (outcome) => {
          if (outcome === 'failed' && this.isOpen) this.finish('failed');
        });
      }
      if (result.outcome === 'corrupt') this.onSpoiled(block.key);
      if (result.outcome === 'read') this.ctx.handles.drop(result.handle);
      else if (this.isOpen) this.finish('failed');
    });
  }

  private finish(outcome: PushOutcome): void {
    if (!this.isOpen) return;
    this.close();
    this.done(outcome);
  }
}
