import type { Contact, Id, RequestId } from '@dht/overlay';
import { type BlockRef, type Handle, smallBlockBytes } from './block.ts';
import type { Context } from './context.ts';
import { Copies, type Copy } from './copies.ts';
import type { LocalStore } from './local-store.ts';
import type { OfferReplyMessage, PutResultMessage, StoredMessage } from './messages.ts';
import { OpenRequest, type ReplyMessage } from './requests.ts';
import type { Responsibility } from './responsibility.ts';
import type { SyncStates } from './sync-states.ts';
import type { StorageDeadline, StorageTimer } from './timer.ts';

/** Who put the block and wants to hear who holds it. */
export interface Initiator {
  readonly request: RequestId;
  /** `want`: send the bytes; `coming`: they are here or on their way; `not-active`: choose another coordinator. */
  answer(answer: 'want' | 'coming' | 'not-active'): void;
  report(result: PutResultMessage): void;
}

/** Where the coordinator has the bytes: nowhere yet, in memory, or only on its disk. */
type Bytes = { readonly at: 'initiator' } | { readonly at: 'memory'; readonly handle: Handle } | { readonly at: 'disk'; reading: boolean };

/** Who puts the same block at the same time through one coordinator, at most. */
const initiatorsMax = 64;

export interface CoordinationParts {
  readonly ctx: Context;
  readonly store: LocalStore;
  readonly own: Responsibility;
  readonly syncStates: SyncStates;
  /** The copy on this disk cannot be read. */
  readonly onSpoiled: (key: Id) => void;
  readonly onEnd: (coordination: Coordination) => void;
}

/**
 * One put as its coordinator sees it: gives the block to the r closest nodes in parallel, to the next closest for each that fails,
 * is full or stays silent, and reports at w and at r. Several puts of one block are one coordination.
 */
export class Coordination extends OpenRequest {
  readonly block: BlockRef;
  private readonly parts: CoordinationParts;
  private readonly copies: Copies;
  private readonly initiators: Initiator[] = [];
  private bytes: Bytes = { at: 'initiator' };
  /** Replicas that want the bytes, while these are read from the disk. */
  private wanting: Copy[] = [];
  private expiry: StorageDeadline | undefined;
  private seenVersion = -1;
  private hasReported = false;

  constructor(parts: CoordinationParts, block: BlockRef) {
    super(parts.ctx);
    this.parts = parts;
    this.block = block;
    this.copies = new Copies(parts.ctx.config, (id) => (this.ctx.isSelf(id) ? 'self' : this.ctx.relays.isApart(id) ? 'apart' : 'direct'));
  }

  /** Somebody has the block and asks whether its bytes are wanted. */
  offer(initiator: Initiator): void {
    if (this.initiators.length >= initiatorsMax) {
      initiator.answer('not-active');
      return;
    }
    const place = this.register(initiator);
    // Whoever is first sends, and sends again when it asks again, because then its `want` was lost.
    if (this.bytes.at === 'initiator' && place === 0) this.wantFrom(initiator);
    else initiator.answer('coming');
  }

  /** Whoever is registered hears the result. The one who asks again takes the place of its earlier self. */
  register(initiator: Initiator): number {
    const index = this.initiators.findIndex((known) => isSameRequest(known.request, initiator.request));
    const place = index < 0 ? this.initiators.length : index;
    this.initiators[place] = initiator;
    if (this.hasReported) initiator.report({ ...this.result(false), request: initiator.request });
    return place;
  }

  /** The bytes have come. Takes over the handle; a second set is dropped. */
  provide(handle: Handle): void {
    if (this.bytes.at === 'memory') {
      this.ctx.handles.drop(handle);
      return;
    }
    this.bytes = { at: 'memory', handle };
    this.sendWanted();
    this.advance();
  }

  /** This node has the block on its disk already. */
  provideFromDisk(): void {
    this.bytes = { at: 'disk', reading: false };
    this.advance();
  }

  /** A node has turned up with another disk. */
  onStoreId(id: Id, storeId: string): void {
    if (this.copies.voidOther(id, storeId)) this.advance();
  }

  onReply(from: Contact, message: ReplyMessage): void {
    const copy = this.copies.find(from.id);
    if (copy === undefined) return;
    if (message.type === 'offerReply') this.onOfferReply(copy, message);
    else if (message.type === 'stored') this.onStored(copy, message);
  }

  onPeerGone(id: Id): void {
    const copy = this.copies.find(id);
    if (copy?.state !== 'asked' && copy?.state !== 'silent') return;
    this.markRefused(copy, false);
    this.advance();
  }

  onTimer(timer: StorageTimer): void {
    if (timer.type === 'expiry') this.nextInitiator();
    if (timer.type !== 'silence') return;
    const copy = this.copies.find(timer.peer);
    if (copy?.state !== 'asked') return;
    copy.state = 'silent';
    this.advance();
  }

  /** Asks whom there is need to ask, and reports what has been reached. */
  advance(): void {
    if (!this.isOpen || this.bytes.at === 'initiator') return;
    this.refreshCandidates();
    for (let copy = this.copies.next(); copy !== undefined; copy = this.copies.next()) this.ask(copy);
    if (!this.hasReported && this.copies.hasQuorum && !this.copies.isComplete && this.copies.isPending) {
      this.hasReported = true;
      this.tell(this.result(false));
    }
    if (this.copies.isComplete || !this.copies.isPending) this.finish();
  }

  private refreshCandidates(): void {
    const { overlay, config, leafSetVersion } = this.ctx;
    if (this.seenVersion === leafSetVersion) return;
    this.seenVersion = leafSetVersion;
    // Who has not said a word about itself is taken for synced until its answer says otherwise.
    this.copies.candidates(overlay.replicaSet(this.block.key, 2 * config.replicas), (contact) =>
      this.ctx.isSelf(contact.id)
        ? this.parts.own.isSyncedFor(this.block.key)
        : (this.parts.syncStates.isSyncedFor(contact, this.block.key) ?? true),
    );
  }

  private ask(copy: Copy): void {
    copy.state = 'asked';
    if (this.ctx.isSelf(copy.contact.id)) this.storeHere(copy);
    else if (this.ctx.relays.isApart(copy.contact.id)) this.askThroughHolder(copy);
    else if (this.bytes.at === 'memory' && this.block.size <= smallBlockBytes) this.transfer(copy, this.bytes.handle);
    else {
      this.ctx.send(copy.contact, { type: 'offer', request: this.id, purpose: 'replicate', block: this.block });
      this.expectAnswer(copy.contact.id, this.ctx.config.offerTimeoutMs);
    }
  }

  /** Whom only others reach is offered the block by one of them that has it, and fetches it there. */
  private askThroughHolder({ contact }: Copy): void {
    const { ctx, block, id } = this;
    const { source } = this.copies;
    if (source !== undefined) ctx.relays.send(source, contact, { type: 'offer', request: id, purpose: 'replicate', block });
    this.expectAnswer(contact.id, ctx.config.offerTimeoutMs);
  }

  private storeHere(copy: Copy): void {
    if (this.bytes.at !== 'memory') {
      this.markStored(copy, this.ctx.storeId, this.parts.own.isSyncedFor(this.block.key));
      return;
    }
    this.parts.store.store(this.block, this.bytes.handle, (outcome) => {
      if (outcome === 'durable') this.markStored(copy, this.ctx.storeId, this.parts.own.isSyncedFor(this.block.key));
      else this.markRefused(copy, outcome === 'full');
      this.advance();
    });
  }

  private onOfferReply(copy: Copy, { answer }: OfferReplyMessage): void {
    if (copy.state !== 'asked' && copy.state !== 'silent') return;
    if (answer === 'full' || answer === 'not-active') {
      this.markRefused(copy, answer === 'full');
      this.advance();
      return;
    }
    copy.state = 'asked';
    if (answer === 'coming') this.expectAnswer(copy.contact.id, this.ctx.config.storeTimeoutMs);
    else this.give(copy);
  }

  private onStored(copy: Copy, { outcome, storeId, synced }: StoredMessage): void {
    if (outcome === 'stored') this.markStored(copy, storeId, synced);
    else this.markRefused(copy, outcome === 'full');
    this.advance();
  }

  private give(copy: Copy): void {
    if (this.bytes.at === 'memory') this.transfer(copy, this.bytes.handle);
    else {
      this.wanting.push(copy);
      this.readBack();
    }
  }

  private transfer(copy: Copy, handle: Handle): void {
    const { ctx, block, id } = this;
    const { size } = block;
    this.expectAnswer(copy.contact.id, size <= smallBlockBytes ? ctx.config.offerTimeoutMs : ctx.config.storeTimeoutMs);
    ctx.transfers.start(copy.contact, { request: id, purpose: 'replicate', block }, handle, (outcome) => {
      if (outcome === 'failed') this.onPeerGone(copy.contact.id);
    });
  }

  /** The block was on this disk when the put came, but a replica lacks it. */
  private readBack(): void {
    const { bytes } = this;
    if (bytes.at !== 'disk' || bytes.reading) return;
    bytes.reading = true;
    this.ctx.disk.read(this.block.key, (result) => {
      if (result.outcome === 'corrupt') this.parts.onSpoiled(this.block.key);
      if (result.outcome !== 'read') this.lostHere();
      else if (this.isOpen) this.provide(result.handle);
      else this.ctx.handles.drop(result.handle);
    });
  }

  private sendWanted(): void {
    const { wanting, bytes } = this;
    this.wanting = [];
    if (bytes.at === 'memory') for (const copy of wanting) this.transfer(copy, bytes.handle);
  }

  /** What the disk said it has it cannot give: the initiator's bytes are needed after all. */
  private lostHere(): void {
    if (!this.isOpen) return;
    const here = this.copies.find(this.ctx.self.id);
    if (here !== undefined) here.state = 'idle';
    this.bytes = { at: 'initiator' };
    const first = this.initiators[0];
    if (first !== undefined) this.wantFrom(first);
  }

  private wantFrom(initiator: Initiator): void {
    this.disarm(this.expiry);
    this.expiry = this.arm(this.ctx.config.storeTimeoutMs, { type: 'expiry', counter: this.id.counter });
    initiator.answer('want');
  }

  /** The bytes have not come in time: another initiator of the same block may send them. */
  private nextInitiator(): void {
    if (this.bytes.at !== 'initiator') return;
    this.initiators.shift()?.answer('not-active');
    const next = this.initiators[0];
    if (next === undefined) this.end();
    else this.wantFrom(next);
  }

  private markStored(copy: Copy, storeId: string, synced: boolean): void {
    this.answered(copy.contact.id);
    Object.assign(copy, { state: 'stored', storeId, synced });
  }

  private markRefused(copy: Copy, full: boolean): void {
    this.answered(copy.contact.id);
    if (copy.state !== 'stored') Object.assign(copy, { state: 'refused', full });
  }

  private result(final: boolean): PutResultMessage {
    const { id, copies } = this;
    return { type: 'putResult', request: id, holders: copies.holders, final, shortfall: final ? copies.shortfall : 'none' };
  }

  private tell(result: PutResultMessage): void {
    for (const initiator of this.initiators) initiator.report({ ...result, request: initiator.request });
  }

  private finish(): void {
    const result = this.result(true);
    this.end();
    this.tell(result);
  }

  private end(): void {
    this.close();
    if (this.bytes.at === 'memory') this.ctx.handles.drop(this.bytes.handle);
    this.parts.onEnd(this);
  }
}

function isSameRequest(a: RequestId, b: RequestId): boolean {
  return a.counter === b.counter && a.incarnation === b.incarnation && a.origin.equals(b.origin);
}
