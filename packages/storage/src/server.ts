import type { Contact, Id } from '@dht/overlay';
import { intersectAround } from './arcs.ts';
import type { Context } from './context.ts';
import type { GetMessage, HaveMessage, KeysMessage } from './messages.ts';
import type { Responsibility } from './responsibility.ts';

/** Blocks read and sent at the same time: with 256 KiB each, 16 MiB. */
const servingMax = 64;
/** Requests that wait for their turn; who comes later hears `busy` and asks another replica. */
const waitingMax = 1024;
/** Lists of keys read at the same time for others. */
const listsMax = 64;

/** Answers what others ask of this node's disk. */
export class Server {
  private readonly ctx: Context;
  private readonly own: Responsibility;
  /** Called with a block whose copy here turned out to be spoiled; the copy is gone by then. */
  private readonly onSpoiled: (key: Id) => void;
  private serving = 0;
  private lists = 0;
  private waiting: { readonly from: Contact; readonly message: GetMessage }[] = [];

  constructor(ctx: Context, own: Responsibility, onSpoiled: (key: Id) => void) {
    this.ctx = ctx;
    this.own = own;
    this.onSpoiled = onSpoiled;
  }

  onGet(from: Contact, message: GetMessage): void {
    if (this.ctx.relays.isApart(from.id)) this.vote(from, message);
    else if (this.serving < servingMax) this.serve(from, message);
    else if (this.waiting.length < waitingMax) this.waiting.push({ from, message });
    else this.miss(from, message, 'busy');
  }

  onHave(from: Contact, message: HaveMessage): void {
    const { request, keys } = message;
    this.ctx.disk.has(keys, (sizes) => {
      const entries = keys.map((key, index) => ({ size: sizes[index] ?? -1, synced: this.own.isSyncedFor(key) }));
      this.ctx.send(from, { type: 'haveReply', request, storeId: this.ctx.storeId, entries });
    });
  }

  onKeys(from: Contact, message: KeysMessage): void {
    const { request, arc, after } = message;
    if (this.lists >= listsMax) {
      this.ctx.send(from, { type: 'keysReply', request, blocks: [], more: false, unsureMs: 0, busy: true });
      return;
    }
    this.lists++;
    const limit = Math.min(message.limit, this.ctx.config.keysPageLimit);
    const syncedBefore = this.own.synced;
    this.ctx.disk.list(arc, after, limit, ({ blocks, more }) => {
      this.lists--;
      // What it became synced for while the list was made may be missing in it.
      const syncedNow = this.own.synced;
      const synced = syncedBefore && syncedNow && intersectAround(syncedBefore, syncedNow, this.ctx.self.id);
      const unsureMs = this.own.unsureMs(this.ctx.now.monoMs);
      this.ctx.send(from, { type: 'keysReply', request, blocks, more, ...(synced && { synced }), unsureMs, busy: false });
    });
  }

  /** Somebody received wrong bytes from here. Reading the copy proves it, whatever the peer's word is worth. */
  check(key: Id): void {
    this.ctx.disk.read(key, (result) => {
      if (result.outcome === 'read') this.ctx.handles.drop(result.handle);
      if (result.outcome === 'corrupt') this.discard(key);
    });
  }

  /** Drops a copy that the disk could not give back as it was written. */
  discard(key: Id): void {
    this.ctx.counters.corruptBlocks++;
    this.ctx.event({ type: 'corruptBlock', key });
    this.ctx.disk.delete(key, () => this.onSpoiled(key));
  }

  /** Bytes cannot go to who asks, but that there are none here counts for it. */
  private vote(from: Contact, message: GetMessage): void {
    this.ctx.disk.has([message.block.key], ([size = -1]) => this.miss(from, message, size < 0 ? 'absent' : 'busy'));
  }

  private serve(from: Contact, message: GetMessage): void {
    const { request, block } = message;
    this.serving++;
    this.ctx.disk.read(block.key, (result) => {
      if (result.outcome !== 'read') {
        this.miss(from, message, result.outcome === 'absent' ? 'absent' : 'error');
        if (result.outcome === 'corrupt') this.discard(block.key);
        this.next();
        return;
      }
      const { handle, size } = result;
      this.ctx.counters.servedBlocks++;
      this.ctx.transfers.start(from, { request, purpose: 'get', block: { ...block, size } }, handle, () => this.next());
      this.ctx.handles.drop(handle);
    });
  }

  private next(): void {
    this.serving--;
    const first = this.waiting.shift();
    if (first !== undefined) this.serve(first.from, first.message);
  }

  private miss(to: Contact, { request, block }: GetMessage, reason: 'absent' | 'busy' | 'error'): void {
    this.ctx.send(to, { type: 'getMiss', request, reason, synced: this.own.canDeny(block.key, this.ctx.now.monoMs) });
  }
}
