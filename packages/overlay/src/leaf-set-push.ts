import type { Contact } from './contact.ts';
import type { Context } from './context.ts';
import type { Deadline } from './deadlines.ts';
import type { FailedEntry } from './messages.ts';
import type { Peer } from './peers.ts';

/** Changes that one push carries at most. */
const changesMax = 64;

interface FailedNews {
  readonly failed: Peer;
  readonly sinceMs: number;
}

/** Tells the near neighbours on both sides what changed in the leaf set; they tell theirs, and so it travels outward. */
export class LeafSetPush {
  readonly #context: Context;
  /** What is still to be told, by id: a contact that came or changed, or a life that is over. */
  readonly #news: Map<string, Contact | FailedNews> = new Map();
  #deadline: Deadline | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  came(contact: Contact): void {
    if (!this.#context.isOnRing) return;
    this.#news.set(contact.id.hex, contact);
    this.#soon();
  }

  failed(peer: Peer): void {
    this.#news.set(peer.id.hex, { failed: peer, sinceMs: this.#context.now.monoMs });
    this.#soon();
  }

  /** Sends the news to those neighbours for whom `isServedOtherwise` does not care itself. */
  onTimer(isServedOtherwise: (neighbour: Peer) => boolean): void {
    this.#deadline = undefined;
    const { leafSet, config } = this.#context;
    const news = [...this.#news].slice(0, changesMax);
    for (const [hex] of news) this.#news.delete(hex);
    for (const neighbour of leafSet.near(config.nearNeighbours)) {
      if (this.#context.isUsable(neighbour) && !isServedOtherwise(neighbour)) this.#send(neighbour, news);
    }
    if (this.#news.size > 0) this.#soon();
  }

  #send(to: Peer, news: readonly (readonly [string, Contact | FailedNews])[]): void {
    const members: Contact[] = [];
    const failed: FailedEntry[] = [];
    for (const [hex, item] of news) {
      if (hex === to.id.hex) continue;
      if (!('failed' in item)) members.push(item);
      else
        failed.push({ id: item.failed.id, incarnation: item.failed.contact.incarnation, ageMs: this.#context.now.monoMs - item.sinceMs });
    }
    if (members.length + failed.length === 0) return;
    this.#context.send(to, { type: 'leafSet', full: false, wantReply: false, status: this.#context.status, members, failed });
  }

  #soon(): void {
    this.#deadline ??= this.#context.after(this.#context.config.leafSetPushDelayMs, { kind: 'leafSetPush' });
  }
}
