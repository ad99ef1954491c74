import type { Contact, Id } from '@dht/overlay';
import { type Holder, smallBlockBytes } from './block.ts';
import type { Context } from './context.ts';
import type { Coordinator } from './coordinator.ts';
import type { CoreCommand, PutResult } from './io.ts';
import type { OfferReplyMessage, PutResultMessage } from './messages.ts';
import type { Located, Placement } from './placement.ts';
import type { ReplyMessage } from './requests.ts';
import { RoundRequest } from './round-request.ts';
import type { StorageTimer } from './timer.ts';

export type PutCommand = Extract<CoreCommand, { readonly type: 'put' }>;

export interface PutParts {
  readonly ctx: Context;
  readonly placement: Placement;
  readonly coordinator: Coordinator;
}

/** A put as its initiator sees it: gives the block to one coordinator after the other until one reports enough copies. */
export class PutRequest extends RoundRequest {
  private readonly parts: PutParts;
  private readonly command: PutCommand;
  protected override readonly key: Id;
  /** Coordinators of this round that are still to be tried. */
  private candidates: readonly Contact[] = [];
  private coordinator: Contact | undefined;
  private holders: readonly Holder[] = [];
  private shortfall: PutResult['shortfall'] = 'unreachable';
  private isStored = false;

  constructor(parts: PutParts, command: PutCommand) {
    super(parts.ctx, parts.placement, command);
    this.parts = parts;
    this.command = command;
    this.key = command.block.key;
    this.beginRound();
  }

  override cancel(): void {
    this.settle('cancelled');
  }

  onReply(from: Contact, message: ReplyMessage): void {
    if (message.type === 'putResult') this.onPutResult(from, message);
    else if (!this.isCoordinator(from.id)) return;
    else if (message.type === 'offerReply') this.onOfferReply(from, message);
    else if (message.type === 'stored') this.tryNext();
  }

  onPeerGone(id: Id): void {
    if (this.isCoordinator(id)) this.tryNext();
  }

  onTimer(timer: StorageTimer): void {
    if (timer.type === 'expiry') this.settle(this.isStored ? 'stored' : this.holders.length > 0 ? 'below-w' : 'timeout');
    else if (timer.type === 'retry') this.beginRound();
    else if (timer.type === 'silence' && this.isCoordinator(timer.peer)) this.tryNext();
  }

  protected override onLocated({ contacts }: Located): void {
    this.candidates = this.inOrder(contacts);
    this.tryNext();
  }

  protected override onNotActive(): void {
    this.settle('not-active');
  }

  /** Any member of the replica set coordinates as well as another: this node first, then those at the other end of an open connection. */
  private inOrder(contacts: readonly Contact[]): readonly Contact[] {
    const { ctx } = this;
    const cost = ({ id }: Contact): number => (ctx.isSelf(id) ? 0 : ctx.overlay.isAvoided(id) ? 3 : ctx.overlay.isConnected(id) ? 1 : 2);
    const members = contacts.slice(0, ctx.config.replicas);
    const inOrder = [...members.sort((a, b) => cost(a) - cost(b)), ...contacts.slice(ctx.config.replicas)];
    // Blocks cannot go to a member that only others reach.
    return inOrder.filter(({ id }) => !ctx.relays.isApart(id));
  }

  private tryNext(): void {
    if (this.coordinator !== undefined) this.answered(this.coordinator.id);
    const [next, ...rest] = this.candidates;
    this.coordinator = next;
    this.candidates = rest;
    if (next === undefined) this.retryLater();
    else if (this.ctx.isSelf(next.id)) this.coordinateHere();
    else if (this.command.block.size <= smallBlockBytes) this.transfer(next);
    else {
      this.ctx.send(next, { type: 'offer', request: this.id, purpose: 'put', block: this.command.block });
      this.expectAnswer(next.id, this.ctx.config.offerTimeoutMs);
    }
  }

  private coordinateHere(): void {
    const { block, handle } = this.command;
    this.ctx.handles.hold(handle);
    this.parts.coordinator.coordinate(block, handle, {
      request: this.id,
      answer: (answer) => {
        if (answer === 'not-active' && this.isOpen && this.isCoordinator(this.ctx.self.id)) this.tryNext();
      },
      report: (result) => {
        if (this.isOpen) this.onPutResult(this.ctx.self, result);
      },
    });
  }

  private onOfferReply(from: Contact, { answer }: OfferReplyMessage): void {
    if (answer === 'want') this.transfer(from);
    else if (answer === 'coming') this.expectAnswer(from.id, this.ctx.config.storeTimeoutMs);
    else {
      if (answer === 'not-active') this.parts.placement.forget(from.id);
      this.tryNext();
    }
  }

  private transfer(to: Contact): void {
    const { block, handle } = this.command;
    this.expectAnswer(to.id, this.ctx.config.storeTimeoutMs);
    this.ctx.transfers.start(to, { request: this.id, purpose: 'put', block }, handle, (outcome) => {
      if (outcome === 'failed' && this.isOpen && this.isCoordinator(to.id)) this.tryNext();
    });
  }

  private onPutResult(from: Contact, { holders, final, shortfall }: PutResultMessage): void {
    if (holders.length >= this.holders.length) this.holders = holders;
    this.shortfall = shortfall;
    const isFirst = !this.isStored;
    this.isStored ||= !final || this.isEnough(holders, shortfall);
    if (final) this.onFinal(from, shortfall);
    else if (isFirst) this.report('stored', false);
  }

  private onFinal(from: Contact, shortfall: PutResult['shortfall']): void {
    if (this.isStored) this.settle('stored');
    else if (shortfall === 'full') this.settle('full');
    else if (shortfall === 'too-few-nodes') this.settle('below-w');
    else if (this.isCoordinator(from.id)) this.tryNext();
  }

  /** Copies on nodes that are still syncing suffice when they are all there can be. */
  private isEnough(holders: readonly Holder[], shortfall: PutResult['shortfall']): boolean {
    const { replicas, writeQuorum } = this.ctx.config;
    const synced = holders.filter((holder) => holder.synced).length;
    if (synced >= writeQuorum || holders.length >= replicas) return true;
    return shortfall === 'too-few-nodes' && holders.length >= writeQuorum;
  }

  private isCoordinator(id: Id): boolean {
    return this.coordinator?.id.equals(id) === true;
  }

  private settle(outcome: PutResult['outcome']): void {
    this.close();
    this.ctx.handles.drop(this.command.handle);
    this.report(outcome, true);
  }

  private report(outcome: PutResult['outcome'], settled: boolean): void {
    const { holders } = this;
    const shortfall = !settled || holders.length >= this.ctx.config.replicas ? 'none' : this.shortfall;
    this.ctx.emit({ type: 'putDone', ref: this.command.ref, result: { outcome, holders, settled, shortfall } });
  }
}
