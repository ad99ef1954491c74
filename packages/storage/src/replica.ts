import type { Contact, Id, RequestId } from '@dht/overlay';
import { SparseMap } from '@dht/overlay';
import { Admission } from './admission.ts';
import type { BlockRef, Handle } from './block.ts';
import type { Context } from './context.ts';
import type { Fetcher, FetchOutcome } from './fetcher.ts';
import type { LocalStore, WriteOutcome } from './local-store.ts';
import type { OfferMessage, OfferReplyMessage, StoredMessage, TransferHeader } from './messages.ts';
import type { Responsibility } from './responsibility.ts';
import type { StorageDeadline } from './timer.ts';

interface Offer {
  readonly from: Contact;
  readonly request: RequestId;
}

/** A block that somebody was told to send. */
interface Incoming {
  readonly block: BlockRef;
  readonly from: Contact;
  /** Others who offered it meanwhile, and whom this node may still ask. */
  readonly standby: Offer[];
  deadline: StorageDeadline;
}

/** How many who offer the same block are remembered while one of them sends it. */
const standbyMax = 16;

/** Takes copies that a coordinator, or a neighbour in repair, gives to this node. `stored` is said only of what is on disk. */
export class Replica {
  private readonly ctx: Context;
  private readonly store: LocalStore;
  private readonly own: Responsibility;
  private readonly fetcher: Fetcher;
  private readonly incoming = new SparseMap<string, Incoming>();
  private readonly admission: Admission;
  /** Whether the block comes by another way: as the bytes of a put, or fetched by repair. */
  private readonly isExpected: (key: Id) => boolean;

  constructor(ctx: Context, store: LocalStore, own: Responsibility, fetcher: Fetcher, isExpected: (key: Id) => boolean) {
    this.ctx = ctx;
    this.store = store;
    this.own = own;
    this.fetcher = fetcher;
    this.isExpected = isExpected;
    this.admission = new Admission(ctx);
  }

  isComing(key: Id): boolean {
    return this.incoming.has(key.hex) || this.store.isWriting(key);
  }

  onOffer(from: Contact, message: OfferMessage): void {
    const { request, block } = message;
    if (this.ctx.overlay.status !== 'active') {
      this.ctx.send(from, { type: 'offerReply', request, answer: 'not-active' });
      return;
    }
    this.ctx.disk.has([block.key], ([size]) => {
      if (size !== undefined && size >= 0) this.sayStored(from, request, block.key, 'stored');
      else this.consider({ from, request }, block);
    });
  }

  onBlock(from: Contact, header: TransferHeader, handle: Handle): void {
    const { request, block } = header;
    if (this.ctx.overlay.status === 'joining') {
      this.ctx.handles.drop(handle);
      this.sayStored(from, request, block.key, 'failed');
      return;
    }
    this.store.store(block, handle, (outcome) => {
      this.forget(block.key);
      this.sayStored(from, request, block.key, storedOutcome(outcome));
    });
    this.ctx.handles.drop(handle);
  }

  onCorruptBlock(from: Contact, header: TransferHeader): void {
    this.sayStored(from, header.request, header.block.key, 'corrupt');
    this.askNext(header.block.key);
  }

  /** The bytes that were wanted have not come: ask another who offered them. */
  onIncomingTimeout(key: Id): void {
    this.askNext(key);
  }

  private consider(offer: Offer, block: BlockRef): void {
    const incoming = this.incoming.get(block.key.hex);
    // Who offers it anew has given up what it was sending before.
    if (incoming?.from.id.equals(offer.from.id) && !this.store.isWriting(block.key)) {
      this.forget(block.key);
      this.admit(offer, block, incoming.standby);
    } else if (incoming !== undefined || this.isExpected(block.key) || this.store.isWriting(block.key)) {
      if (incoming !== undefined && incoming.standby.length < standbyMax) incoming.standby.push(offer);
      this.store.whenDurable(block.key, () => this.sayStored(offer.from, offer.request, block.key, 'stored'));
      this.reply(offer, 'coming');
    } else this.admit(offer, block, []);
  }

  /** Asks for the bytes, now or when there is room for them. */
  private admit(offer: Offer, block: BlockRef, standby: Offer[]): void {
    if (this.ctx.relays.isApart(offer.from.id)) {
      this.fetch(offer, block);
      return;
    }
    const admitted = this.admission.enter(block.size, () => this.want(offer, block, standby));
    if (admitted === 'later') this.reply(offer, 'coming');
    else if (admitted === false) this.reply(offer, 'not-active');
  }

  /** Who offers it cannot send it: others who have it can. */
  private fetch(offer: Offer, block: BlockRef): void {
    this.reply(offer, 'coming');
    this.fetcher.want(block, offer.from, (outcome) => {
      this.sayStored(offer.from, offer.request, block.key, fetchedOutcome(outcome));
    });
  }

  private want(offer: Offer, block: BlockRef, standby: Offer[]): void {
    // While this one waited for room another offer of the block may have been let in.
    if (this.incoming.has(block.key.hex)) this.forget(block.key);
    const deadline = this.ctx.after(this.ctx.config.storeTimeoutMs, { type: 'incoming', key: block.key });
    this.incoming.set(block.key.hex, { block, from: offer.from, standby, deadline });
    this.admission.take(block.size);
    this.reply(offer, 'want');
  }

  private askNext(key: Id): void {
    const incoming = this.incoming.get(key.hex);
    if (incoming === undefined) return;
    this.forget(key);
    const next = incoming.standby.shift();
    if (next !== undefined) this.admit(next, incoming.block, incoming.standby);
    else this.store.stopWaiting(key);
  }

  private forget(key: Id): void {
    const incoming = this.incoming.get(key.hex);
    if (incoming === undefined) return;
    this.ctx.cancel(incoming.deadline);
    this.incoming.delete(key.hex);
    this.admission.leave(incoming.block.size);
  }

  private reply({ from, request }: Offer, answer: OfferReplyMessage['answer']): void {
    this.ctx.send(from, { type: 'offerReply', request, answer });
  }

  private sayStored(to: Contact, request: RequestId, key: Id, outcome: StoredMessage['outcome']): void {
    this.ctx.send(to, { type: 'stored', request, key, storeId: this.ctx.storeId, synced: this.own.isSyncedFor(key), outcome });
  }
}

function fetchedOutcome(outcome: FetchOutcome): StoredMessage['outcome'] {
  return outcome === 'stored' || outcome === 'full' ? outcome : 'failed';
}

function storedOutcome(outcome: WriteOutcome): StoredMessage['outcome'] {
  return outcome === 'durable' ? 'stored' : outcome;
}
