import type { CommandRef, Contact, Id, RequestId } from '@dht/overlay';
import { SparseMap } from '@dht/overlay';
import type { Handle } from './block.ts';
import type { Context } from './context.ts';
import type { StorageMessage, TransferHeader } from './messages.ts';
import type { StorageDeadline, StorageTimer } from './timer.ts';

/** A request's name in maps. */
export function requestKey(request: RequestId): string {
  return `${request.origin.hex}/${request.incarnation}/${request.counter}`;
}

/** The messages that answer a request and so carry its id back. */
export type ReplyMessage = Extract<
  StorageMessage,
  { readonly type: 'offerReply' | 'stored' | 'putResult' | 'getMiss' | 'haveReply' | 'keysReply' }
>;

/** Something this node asked others and waits for. It is open from its making until `close`. */
export abstract class OpenRequest {
  readonly id: RequestId;
  protected readonly ctx: Context;
  private readonly timers = new Set<StorageDeadline>();
  /** One for each peer whose answer is waited for, by id. */
  private readonly silences = new Map<string, StorageDeadline>();

  constructor(ctx: Context) {
    this.ctx = ctx;
    this.id = ctx.requests.open(this);
  }

  /** An answer from any peer; it is for the request to know whether it asked this one. */
  abstract onReply(from: Contact, message: ReplyMessage): void;
  /** The peer cannot be reached, its connection closed, or it is suspected: no answer is to be expected from it soon. */
  abstract onPeerGone(id: Id): void;
  abstract onTimer(timer: StorageTimer): void;

  /** The driver's number, when this serves one of its commands. */
  get commandRef(): CommandRef | undefined {
    return undefined;
  }

  /** The driver, or whoever began this, does not want it any longer. */
  cancel(): void {
    this.close();
  }

  /** Takes over the handle. */
  onBlock(_from: Contact, _header: TransferHeader, handle: Handle): void {
    this.ctx.handles.drop(handle);
  }

  onCorruptBlock(_from: Contact, _header: TransferHeader): void {}

  get isOpen(): boolean {
    return this.ctx.requests.get(this.id) === this;
  }

  protected arm(delayMs: number, timer: StorageTimer): StorageDeadline {
    for (const known of this.timers) if (known.place < 0) this.timers.delete(known);
    const deadline = this.ctx.after(delayMs, timer);
    this.timers.add(deadline);
    return deadline;
  }

  protected disarm(deadline: StorageDeadline | undefined): void {
    if (deadline === undefined) return;
    this.ctx.cancel(deadline);
    this.timers.delete(deadline);
  }

  /** Passes over the peer unless it answers in time; takes the place of what was expected from it before. */
  protected expectAnswer(peer: Id, delayMs: number): void {
    this.answered(peer);
    this.silences.set(peer.hex, this.ctx.after(delayMs, { type: 'silence', counter: this.id.counter, peer }));
  }

  protected answered(peer: Id): void {
    this.ctx.cancel(this.silences.get(peer.hex));
    this.silences.delete(peer.hex);
  }

  protected close(): void {
    for (const deadline of this.silences.values()) this.ctx.cancel(deadline);
    this.silences.clear();
    for (const deadline of this.timers) this.ctx.cancel(deadline);
    this.timers.clear();
    this.ctx.requests.close(this.id);
  }
}

/** Numbers this node's requests and finds the one that an answer belongs to. */
export class Requests {
  private readonly byCounter = new SparseMap<number, OpenRequest>();
  private readonly origin: Id;
  private readonly incarnation: number;
  private counter = 0;

  constructor(origin: Id, incarnation: number) {
    this.origin = origin;
    this.incarnation = incarnation;
  }

  get size(): number {
    return this.byCounter.size;
  }

  open(request: OpenRequest): RequestId {
    const counter = ++this.counter;
    this.byCounter.set(counter, request);
    return { origin: this.origin, incarnation: this.incarnation, counter };
  }

  close(id: RequestId): void {
    this.byCounter.delete(id.counter);
  }

  /** Undefined when the request is closed, or another node's, or one of this node's earlier life. */
  get(id: RequestId): OpenRequest | undefined {
    if (id.incarnation !== this.incarnation || !id.origin.equals(this.origin)) return undefined;
    return this.byCounter.get(id.counter);
  }

  find(counter: number): OpenRequest | undefined {
    return this.byCounter.get(counter);
  }

  /** A copy, because those told may close. */
  all(): readonly OpenRequest[] {
    return [...this.byCounter.values()];
  }
}
