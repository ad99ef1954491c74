import type { Contact, Id } from '@dht/overlay';
import type { Context } from './context.ts';
import type { Home } from './homes.ts';
import type { HaveReplyMessage } from './messages.ts';
import { OpenRequest, type ReplyMessage } from './requests.ts';
import type { StorageTimer } from './timer.ts';

/** Where the copies of one block are that this node holds beside or instead of those responsible for it. */
export interface Count extends Home {
  /** Members that hold it durably. */
  readonly holders: readonly Contact[];
  /** Members that said they have it not; the rest did not answer. */
  readonly lacking: readonly Contact[];
  /** All members hold it, and are synced for it. */
  readonly isConfirmed: boolean;
}

interface Line extends Home {
  readonly holders: Contact[];
  readonly lacking: Contact[];
  synced: number;
}

/** Asks the members of the blocks' replica sets which of them they hold: one question to each member, whatever the number of blocks. */
export class Census extends OpenRequest {
  private readonly lines: readonly Line[];
  private readonly questions = new Map<string, { readonly member: Contact; readonly lines: Line[] }>();
  private readonly done: (counts: readonly Count[]) => void;

  constructor(ctx: Context, homes: readonly Home[], done: (counts: readonly Count[]) => void) {
    super(ctx);
    this.done = done;
    this.lines = homes.map((home) => ({ ...home, holders: [], lacking: [], synced: 0 }));
    for (const line of this.lines) for (const member of line.members) this.addQuestion(member, line);
    for (const { member, lines } of this.questions.values()) this.ask(member, lines);
    if (this.questions.size === 0) this.finish();
  }

  onReply(from: Contact, message: ReplyMessage): void {
    if (message.type === 'haveReply') this.note(from.id, message.entries);
  }

  onPeerGone(id: Id): void {
    this.note(id, []);
  }

  onTimer(timer: StorageTimer): void {
    if (timer.type === 'silence') this.note(timer.peer, []);
  }

  private addQuestion(member: Contact, line: Line): void {
    const question = this.questions.get(member.id.hex);
    if (question === undefined) this.questions.set(member.id.hex, { member, lines: [line] });
    else question.lines.push(line);
  }

  private ask(member: Contact, lines: readonly Line[]): void {
    this.ctx.send(member, { type: 'have', request: this.id, keys: lines.map(({ block }) => block.key) });
    this.expectAnswer(member.id, this.ctx.config.offerTimeoutMs);
  }

  private note(id: Id, entries: HaveReplyMessage['entries']): void {
    const question = this.questions.get(id.hex);
    if (question === undefined) return;
    this.answered(id);
    this.questions.delete(id.hex);
    for (const [index, line] of question.lines.entries()) {
      const entry = entries[index];
      if (entry === undefined) continue;
      if (entry.size < 0) line.lacking.push(question.member);
      else line.holders.push(question.member);
      if (entry.size >= 0 && entry.synced) line.synced++;
    }
    if (this.questions.size === 0) this.finish();
  }

  private finish(): void {
    this.close();
    this.done(this.lines.map(({ synced, ...line }) => ({ ...line, isConfirmed: synced === line.members.length })));
  }
}
