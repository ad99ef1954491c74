import type { Contact, Id } from '@dht/overlay';
import { SparseMap } from '@dht/overlay';
import type { BlockRef, Handle } from './block.ts';
import type { Context } from './context.ts';
import type { LocalStore, WriteOutcome } from './local-store.ts';
import type { TransferHeader } from './messages.ts';
import type { PeerRecord } from './peer-record.ts';
import { OpenRequest, type ReplyMessage } from './requests.ts';
import type { StorageDeadline, StorageTimer } from './timer.ts';

/** `lost`: none of the sources has it, whatever they said; `unanswered`: one that may have it did not answer. */
export type FetchOutcome = 'stored' | 'full' | 'lost' | 'unanswered';

/** A block that this node is responsible for and lacks. */
interface Wanted {
  readonly block: BlockRef;
  /** Known to have a copy; the first that are tried are the ones that said so first. */
  readonly sources: Contact[];
  readonly done: ((outcome: FetchOutcome, bytes: number) => void)[];
}

export interface FetcherParts {
  readonly ctx: Context;
  readonly store: LocalStore;
  readonly peers: PeerRecord;
}

/** Blocks fetched at the same time at most, however small. */
const fetchesMax = 64;
/** While this node's user puts or gets, repair has this share of its bytes in flight. */
const backgroundShare = 1 / 4;

/**
 * Fetches the blocks that repair found missing here: those with the fewest known copies first, within a budget of bytes in
 * flight, which shrinks while there are requests of this node's user.
 */
export class Fetcher {
  private readonly parts: FetcherParts;
  private readonly ctx: Context;
  private readonly queue = new RarestFirst();
  private readonly running = new SparseMap<string, Wanted>();
  private bytesInFlight = 0;

  constructor(parts: FetcherParts) {
    this.parts = parts;
    this.ctx = parts.ctx;
  }

  /** Blocks that wait or are under way: whoever adds pages of them waits while there are many. */
  get size(): number {
    return this.queue.size + this.running.size;
  }

  isFetching(key: Id): boolean {
    return this.running.has(key.hex);
  }

  want(block: BlockRef, source: Contact, done: (outcome: FetchOutcome, bytes: number) => void): void {
    const { hex } = block.key;
    const known = this.running.get(hex) ?? this.queue.get(hex);
    if (known === undefined) this.queue.add({ block, sources: [source], done: [done] });
    else {
      known.done.push(done);
      if (!known.sources.some(({ id }) => id.equals(source.id))) this.queue.addSource(known, source);
    }
    this.pump();
  }

  /** Begins what the budget allows. */
  pump(): void {
    while (this.running.size < fetchesMax && this.bytesInFlight < this.budget) {
      const rarest = this.queue.take();
      if (rarest === undefined) return;
      this.begin(rarest);
    }
  }

  private get budget(): number {
    const { config, foreground } = this.ctx;
    return config.repairBytesInFlightMax * (foreground > 0 ? backgroundShare : 1);
  }

  private begin(wanted: Wanted): void {
    this.running.set(wanted.block.key.hex, wanted);
    this.bytesInFlight += wanted.block.size;
    // It may have come by another way since it was found missing.
    this.ctx.disk.has([wanted.block.key], ([size]) => {
      if (size !== undefined && size >= 0) this.end(wanted, 'stored', 0);
      else new FetchRequest(this.parts, wanted, (outcome, bytes) => this.end(wanted, outcome, bytes));
    });
  }

  private end(wanted: Wanted, outcome: FetchOutcome, bytes: number): void {
    this.running.delete(wanted.block.key.hex);
    this.bytesInFlight -= wanted.block.size;
    this.ctx.counters.repairBytes += bytes;
    if (bytes > 0) this.ctx.counters.fetchedBlocks++;
    if (outcome !== 'stored') this.parts.store.stopWaiting(wanted.block.key);
    for (const done of wanted.done) done(outcome, bytes);
    this.pump();
  }
}

/** Blocks that wait to be fetched, by the number of known copies. */
class RarestFirst {
  private readonly wanted = new SparseMap<string, Wanted>();
  /** Index n holds those with n known copies, in the order in which they got so many. */
  private readonly byCopies: Map<string, Wanted>[] = [];

  get size(): number {
    return this.wanted.size;
  }

  get(hex: string): Wanted | undefined {
    return this.wanted.get(hex);
  }

  add(wanted: Wanted): void {
    this.wanted.set(wanted.block.key.hex, wanted);
    this.place(wanted);
  }

  /** Whether it still waits or not. */
  addSource(wanted: Wanted, source: Contact): void {
    const { hex } = wanted.block.key;
    this.byCopies[wanted.sources.length]?.delete(hex);
    wanted.sources.push(source);
    if (this.wanted.has(hex)) this.place(wanted);
  }

  take(): Wanted | undefined {
    for (const bucket of this.byCopies) {
      for (const [hex, wanted] of bucket) {
        bucket.delete(hex);
        this.wanted.delete(hex);
        return wanted;
      }
    }
    return undefined;
  }

  private place(wanted: Wanted): void {
    const copies = wanted.sources.length;
    while (this.byCopies.length <= copies) this.byCopies.push(new Map());
    this.byCopies[copies]?.set(wanted.block.key.hex, wanted);
  }
}

/** One block's fetch: asks its sources one after the other and writes what comes. */
class FetchRequest extends OpenRequest {
  private readonly parts: FetcherParts;
  private readonly wanted: Wanted;
  private readonly done: (outcome: FetchOutcome, bytes: number) => void;
  private readonly tried = new Set<string>();
  private source: Contact | undefined;
  private isWriting = false;
  private isUnanswered = false;
  private expiry: StorageDeadline | undefined;

  constructor(parts: FetcherParts, wanted: Wanted, done: (outcome: FetchOutcome, bytes: number) => void) {
    super(parts.ctx);
    this.parts = parts;
    this.wanted = wanted;
    this.done = done;
    this.askNext();
  }

  onReply(from: Contact, message: ReplyMessage): void {
    if (message.type !== 'getMiss' || !this.isSource(from.id)) return;
    if (message.reason === 'absent') this.askNext();
    else this.giveUp();
  }

  override onBlock(_from: Contact, { block }: TransferHeader, handle: Handle): void {
    if (this.isWriting || !block.key.equals(this.wanted.block.key)) {
      this.ctx.handles.drop(handle);
      return;
    }
    this.isWriting = true;
    this.disarm(this.expiry);
    this.parts.store.store(block, handle, (outcome) => this.finish(fetchOutcome(outcome), block.size));
    this.ctx.handles.drop(handle);
  }

  override onCorruptBlock(from: Contact, header: TransferHeader): void {
    this.parts.peers.sentCorrupt(from, header);
    if (this.isSource(from.id)) this.askNext();
  }

  onPeerGone(id: Id): void {
    if (this.isSource(id)) this.giveUp();
  }

  onTimer(timer: StorageTimer): void {
    if (timer.type === 'expiry') this.giveUp();
  }

  private giveUp(): void {
    if (!this.isWriting) this.isUnanswered = true;
    this.askNext();
  }

  private askNext(): void {
    if (this.isWriting) return;
    this.disarm(this.expiry);
    const untried = this.sources().filter(({ id }) => !this.tried.has(id.hex));
    const source = this.parts.peers.bestFirst(untried)[0];
    this.source = source;
    if (source === undefined) {
      this.finish(this.isUnanswered ? 'unanswered' : 'lost', 0);
      return;
    }
    this.tried.add(source.id.hex);
    const { key, multihash } = this.wanted.block;
    this.ctx.send(source, { type: 'get', request: this.id, block: { key, multihash } });
    this.expiry = this.arm(this.ctx.config.storeTimeoutMs, { type: 'expiry', counter: this.id.counter });
  }

  /** A source that only others reach has it but cannot give it: whoever passes on its mail may have it too, and so may the members. */
  private sources(): readonly Contact[] {
    const { relays, overlay, config } = this.ctx;
    const { sources, block } = this.wanted;
    const apart = sources.filter(({ id }) => relays.isApart(id));
    if (apart.length === 0) return sources;
    this.isUnanswered = true;
    const others = [...apart.flatMap(({ id }) => relays.wayTo(id) ?? []), ...overlay.replicaSet(block.key, config.replicas)];
    const byId = new Map([...sources, ...others].map((contact) => [contact.id.hex, contact]));
    return [...byId.values()].filter(({ id }) => !this.ctx.isSelf(id) && !relays.isApart(id));
  }

  private isSource(id: Id): boolean {
    return this.source?.id.equals(id) === true;
  }

  private finish(outcome: FetchOutcome, bytes: number): void {
    this.close();
    this.done(outcome, outcome === 'stored' ? bytes : 0);
  }
}

function fetchOutcome(outcome: WriteOutcome): FetchOutcome {
  return outcome === 'durable' ? 'stored' : outcome === 'full' ? 'full' : 'lost';
}
