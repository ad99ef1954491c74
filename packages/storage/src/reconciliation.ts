import { type Arc, type Contact, compareClockwise, type Id } from '@dht/overlay';
import { contains, intersectAround } from './arcs.ts';
import type { BlockRef } from './block.ts';
import type { Context } from './context.ts';
import type { Fetcher, FetchOutcome } from './fetcher.ts';
import type { KeysReplyMessage } from './messages.ts';
import type { Pusher } from './pusher.ts';
import { OpenRequest, type ReplyMessage } from './requests.ts';
import type { SyncStates } from './sync-states.ts';
import type { StorageTimer } from './timer.ts';

/**
 * - `done`: everything the peer has in the arc is here, or nobody who is said to have it can give it;
 * - `full`: this disk had no room for some of it;
 * - `gone`: the peer did not answer any longer, or something that it has could not be had from anybody in time.
 */
export interface ReconciliationResult {
  readonly outcome: 'done' | 'full' | 'gone';
  readonly fetchedBlocks: number;
  readonly fetchedBytes: number;
  /** What the peer said of itself with every page. */
  readonly word: Word;
}

/** For what a peer holds everything acknowledged, and until when it is not sure of that; in the past when it is. */
export interface Word {
  readonly synced: Arc | undefined;
  readonly unsureUntilMs: number;
}

const noWord: Word = { synced: undefined, unsureUntilMs: Number.NEGATIVE_INFINITY };

export interface ReconciliationParts {
  readonly ctx: Context;
  readonly syncStates: SyncStates;
  readonly fetcher: Fetcher;
  readonly pusher: Pusher;
}

interface Page {
  readonly blocks: readonly BlockRef[];
  readonly more: boolean;
}

/** How often a page is asked for again before the peer is given up, and how long a busy peer is left alone. */
const triesMax = 4;
const busyMs = 500;

/**
 * To whom a block is offered that the peer lacks: to every member of its replica set, or only to one that says it is synced for it
 * and so does not know that it lacks it. One that is still syncing fetches for itself, or waits for a node to come back.
 */
type Generosity = 'members' | 'synced-members';

/**
 * Compares the keys of an arc with one peer's, page by page in ring order. What is missing here is fetched; what the peer lacks though
 * it is responsible for it is offered to it. The next page waits while many blocks are still to be fetched.
 */
export class Reconciliation extends OpenRequest {
  readonly arc: Arc;
  readonly peer: Contact;
  private readonly parts: ReconciliationParts;
  private readonly generosity: Generosity;
  private readonly done: (result: ReconciliationResult) => void;
  private after: Id | undefined;
  private ours: Page | undefined;
  private theirs: Page | undefined;
  private tries = 0;
  private isAtEnd = false;
  private fetching = 0;
  private fetchedBlocks = 0;
  private fetchedBytes = 0;
  private wasFull = false;
  private wasUnanswered = false;
  /** With the pages so far. */
  private word: Word | undefined;

  constructor(parts: ReconciliationParts, arc: Arc, peer: Contact, generosity: Generosity, done: (result: ReconciliationResult) => void) {
    super(parts.ctx);
    this.parts = parts;
    this.arc = arc;
    this.peer = peer;
    this.generosity = generosity;
    this.done = done;
    this.askPage();
  }

  onReply(from: Contact, message: ReplyMessage): void {
    if (message.type !== 'keysReply' || !from.id.equals(this.peer.id) || this.theirs !== undefined || this.isAtEnd) return;
    this.answered(from.id);
    if (message.busy) this.arm(this.ctx.jittered(busyMs), { type: 'retry', counter: this.id.counter });
    else this.onPage(message);
  }

  /** Only those that the peer's verdict removes from the leaf set are given up; a broken connection is a matter of a retry. */
  onPeerGone(id: Id): void {
    if (!id.equals(this.peer.id) || this.theirs !== undefined || this.isAtEnd) return;
    this.answered(id);
    this.retryPage();
  }

  onTimer(timer: StorageTimer): void {
    if (timer.type === 'silence') this.retryPage();
    else if (timer.type === 'retry') this.goOn();
  }

  private askPage(): void {
    this.ours = undefined;
    this.theirs = undefined;
    const { ctx, arc, after } = this;
    this.sendKeys();
    ctx.disk.list(arc, after, ctx.config.keysPageLimit, (page) => {
      this.ours = page;
      this.compare();
    });
  }

  private sendKeys(): void {
    const { ctx, arc, after, id, peer } = this;
    const limit = ctx.config.keysPageLimit;
    ctx.send(peer, { type: 'keys', request: id, arc, limit, ...(after === undefined ? {} : { after }) });
    this.expectAnswer(peer.id, ctx.config.offerTimeoutMs);
  }

  private retryPage(): void {
    if (++this.tries >= triesMax) this.finish('gone');
    else this.arm(this.ctx.jittered(busyMs), { type: 'retry', counter: this.id.counter });
  }

  private onPage(message: KeysReplyMessage): void {
    const { blocks, more } = message;
    this.tries = 0;
    this.word = this.wordWith(message);
    this.theirs = { blocks, more };
    this.compare();
  }

  /** What has become larger since the first page was not complete then, and what has become smaller may have lost keys. */
  private wordWith({ synced, unsureMs }: KeysReplyMessage): Word {
    const { id } = this.peer;
    const before = this.word;
    const arc = synced !== undefined && contains(synced, id) ? synced : undefined;
    const unsureUntilMs = unsureMs === 0 ? Number.NEGATIVE_INFINITY : this.ctx.now.monoMs + unsureMs;
    if (before === undefined) return { synced: arc, unsureUntilMs };
    return {
      synced: arc && before.synced && intersectAround(arc, before.synced, id),
      unsureUntilMs: Math.max(unsureUntilMs, before.unsureUntilMs),
    };
  }

  private compare(): void {
    const { ours, theirs } = this;
    if (ours === undefined || theirs === undefined || !this.isOpen) return;
    const end = this.pageEnd(ours, theirs);
    const mine = this.upTo(ours.blocks, end);
    const other = this.upTo(theirs.blocks, end);
    for (const block of missingIn(mine, other)) this.fetch(block);
    for (const block of missingIn(other, mine)) this.give(block);
    this.after = end;
    this.isAtEnd = end === undefined;
    this.goOn();
  }

  /** The last key up to which both pages are complete; undefined when both reach the end of the arc. */
  private pageEnd(ours: Page, theirs: Page): Id | undefined {
    const ends = [ours, theirs].flatMap((page) => (page.more ? (page.blocks.at(-1)?.key ?? []) : []));
    return ends.sort((a, b) => compareClockwise(this.arc.from, a, b))[0];
  }

  private upTo(blocks: readonly BlockRef[], end: Id | undefined): readonly BlockRef[] {
    return end === undefined ? blocks : blocks.filter(({ key }) => compareClockwise(this.arc.from, key, end) <= 0);
  }

  private fetch(block: BlockRef): void {
    this.fetching++;
    this.parts.fetcher.want(block, this.peer, (outcome, bytes) => this.fetched(outcome, bytes));
  }

  private fetched(outcome: FetchOutcome, bytes: number): void {
    this.fetching--;
    this.wasFull ||= outcome === 'full';
    this.wasUnanswered ||= outcome === 'unanswered';
    this.fetchedBytes += bytes;
    if (bytes > 0) this.fetchedBlocks++;
    if (this.isOpen && this.theirs !== undefined) this.goOn();
  }

  private give(block: BlockRef): void {
    const { overlay, config } = this.ctx;
    if (this.generosity === 'synced-members' && this.parts.syncStates.isSyncedFor(this.peer, block.key) === false) return;
    const members = overlay.replicaSet(block.key, config.replicas);
    if (members.some(({ id }) => id.equals(this.peer.id))) this.parts.pusher.offer(block, this.peer);
  }

  private goOn(): void {
    if (this.isAtEnd) {
      if (this.fetching === 0) this.finish(this.wasFull ? 'full' : this.wasUnanswered ? 'gone' : 'done');
    } else if (this.theirs === undefined) this.sendKeys();
    else if (this.fetching < this.ctx.config.keysPageLimit) this.askPage();
  }

  private finish(outcome: ReconciliationResult['outcome']): void {
    this.close();
    const { fetchedBlocks, fetchedBytes, word = noWord } = this;
    this.done({ outcome, fetchedBlocks, fetchedBytes, word });
  }
}

/** Those of `blocks` that are not in `held`. */
function missingIn(held: readonly BlockRef[], blocks: readonly BlockRef[]): readonly BlockRef[] {
  const keys = new Set(held.map(({ key }) => key.hex));
  return blocks.filter(({ key }) => !keys.has(key.hex));
}
