import type { Contact, Id, RequestId } from '@dht/overlay';
import { SparseMap } from '@dht/overlay';
import { Admission } from './admission.ts';
import type { BlockRef, Handle } from './block.ts';
import type { Context } from './context.ts';
import { Coordination, type CoordinationParts, type Initiator } from './coordination.ts';
import type { OfferMessage, TransferHeader } from './messages.ts';

/** The puts that this node coordinates, one for each block. */
export class Coordinator {
  private readonly ctx: Context;
  private readonly parts: CoordinationParts;
  private readonly byKey = new SparseMap<string, Coordination>();
  private readonly admission: Admission;

  constructor(parts: Omit<CoordinationParts, 'onEnd'>) {
    this.ctx = parts.ctx;
    this.admission = new Admission(parts.ctx);
    this.parts = { ...parts, onEnd: (coordination) => this.ended(coordination) };
  }

  /** The bytes of the key are on their way here, or here, as those of a put. */
  isCoordinating(key: Id): boolean {
    return this.byKey.has(key.hex);
  }

  onOffer(from: Contact, { request, block }: OfferMessage): void {
    const initiator = this.remote(from, request);
    const running = this.byKey.get(block.key.hex);
    if (!this.accepts(block.key)) initiator.answer('not-active');
    else if (running !== undefined) running.offer(initiator);
    else this.ctx.disk.has([block.key], ([size]) => this.begin(block, initiator, size !== undefined && size >= 0));
  }

  onBlock(from: Contact, { request, block }: TransferHeader, handle: Handle): void {
    this.coordinate(block, handle, this.remote(from, request));
  }

  onCorruptBlock(from: Contact, { request, block }: TransferHeader): void {
    const outcome = { outcome: 'corrupt', storeId: this.ctx.storeId, synced: false } as const;
    this.ctx.send(from, { type: 'stored', request, key: block.key, ...outcome });
  }

  /** Takes over the handle. */
  coordinate(block: BlockRef, handle: Handle, initiator: Initiator): void {
    if (!this.accepts(block.key)) {
      this.ctx.handles.drop(handle);
      initiator.answer('not-active');
      return;
    }
    const coordination = this.byKey.get(block.key.hex) ?? this.open(block);
    coordination.register(initiator);
    coordination.provide(handle);
  }

  /** Replica sets may have changed. */
  onLeafSetChanged(): void {
    for (const coordination of [...this.byKey.values()]) coordination.advance();
  }

  onStoreId(id: Id, storeId: string): void {
    for (const coordination of [...this.byKey.values()]) coordination.onStoreId(id, storeId);
  }

  /** A node that cannot tell the replica set of the key for certain would choose wrong substitutes. */
  private accepts(key: Id): boolean {
    const { overlay, config } = this.ctx;
    const hasRoom = this.byKey.size < config.requestsMax || this.byKey.has(key.hex);
    return hasRoom && overlay.status === 'active' && overlay.coversReplicaSet(key, config.replicas);
  }

  private begin(block: BlockRef, initiator: Initiator, isHeld: boolean): void {
    // Another put of the block may have come while the disk was asked.
    const running = this.byKey.get(block.key.hex);
    if (running !== undefined) running.offer(initiator);
    else if (isHeld) {
      const coordination = this.open(block);
      coordination.register(initiator);
      initiator.answer('coming');
      coordination.provideFromDisk();
    } else this.admit(block, initiator);
  }

  /** Asks for the bytes, now or when there is room for them. */
  private admit(block: BlockRef, initiator: Initiator): void {
    // While this one waited for room another put of the block may have been let in.
    const begin = (): void => (this.byKey.get(block.key.hex) ?? this.open(block)).offer(initiator);
    const admitted = this.admission.enter(block.size, begin);
    if (admitted === 'later') initiator.answer('coming');
    else if (admitted === false) initiator.answer('not-active');
  }

  private open(block: BlockRef): Coordination {
    const coordination = new Coordination(this.parts, block);
    this.byKey.set(block.key.hex, coordination);
    this.admission.take(block.size);
    return coordination;
  }

  private ended({ block }: Coordination): void {
    this.byKey.delete(block.key.hex);
    this.parts.store.stopWaiting(block.key);
    this.admission.leave(block.size);
  }

  private remote(from: Contact, request: RequestId): Initiator {
    const { ctx } = this;
    return {
      request,
      answer: (answer) => ctx.send(from, { type: 'offerReply', request, answer }),
      report: (result) => ctx.send(from, result),
    };
  }
}
