import type { Contact, Id } from '@dht/overlay';
import type { GetParts } from './get-request.ts';
import type { CoreCommand, WhereResult } from './io.ts';
import type { HaveReplyMessage } from './messages.ts';
import { OpenRequest, type ReplyMessage } from './requests.ts';
import type { StorageTimer } from './timer.ts';

export type WhereCommand = Extract<CoreCommand, { readonly type: 'where' }>;

interface Answer {
  readonly storeId: string;
  readonly size: number;
  readonly synced: boolean;
}

/** Asks the replica set of a key, and as many nodes beyond it, whether they hold it. */
export class WhereRequest extends OpenRequest {
  private readonly parts: Pick<GetParts, 'ctx' | 'placement' | 'own'>;
  private readonly command: WhereCommand;
  private contacts: readonly Contact[] = [];
  private readonly waiting = new Set<string>();
  private readonly answers = new Map<string, Answer>();

  constructor(parts: Pick<GetParts, 'ctx' | 'placement' | 'own'>, command: WhereCommand) {
    super(parts.ctx);
    this.parts = parts;
    this.command = command;
    this.arm(command.timeoutMs, { type: 'expiry', counter: this.id.counter });
    parts.placement.locate(command.key, true, command.timeoutMs, (located) => {
      if (!this.isOpen) return;
      if (typeof located === 'string') this.settle(located);
      else this.ask(located.contacts);
    });
  }

  override get commandRef(): number {
    return this.command.ref;
  }

  override cancel(): void {
    this.settle('cancelled');
  }

  onReply(from: Contact, message: ReplyMessage): void {
    if (message.type === 'haveReply') this.note(from.id, toAnswer(message));
  }

  onPeerGone(id: Id): void {
    if (this.waiting.has(id.hex)) this.note(id, undefined);
  }

  onTimer(timer: StorageTimer): void {
    if (timer.type === 'silence') this.note(timer.peer, undefined);
    else if (timer.type === 'expiry') this.settle(this.contacts.length === 0 ? 'timeout' : 'answered');
  }

  private ask(contacts: readonly Contact[]): void {
    const { key } = this.command;
    this.contacts = contacts;
    for (const contact of contacts) {
      this.waiting.add(contact.id.hex);
      if (this.ctx.isSelf(contact.id)) this.lookHere();
      else {
        this.ctx.send(contact, { type: 'have', request: this.id, keys: [key] });
        this.expectAnswer(contact.id, this.ctx.config.offerTimeoutMs);
      }
    }
    if (contacts.length === 0) this.settle('answered');
  }

  private lookHere(): void {
    const { key } = this.command;
    this.ctx.disk.has([key], ([size]) => {
      const answer = { storeId: this.ctx.storeId, size: size ?? -1, synced: this.parts.own.isSyncedFor(key) };
      if (this.isOpen) this.note(this.ctx.self.id, answer);
    });
  }

  private note(id: Id, answer: Answer | undefined): void {
    this.answered(id);
    this.waiting.delete(id.hex);
    if (answer !== undefined) this.answers.set(id.hex, answer);
    if (this.waiting.size === 0) this.settle('answered');
  }

  private settle(outcome: WhereResult['outcome']): void {
    this.close();
    const { replicas } = this.ctx.config;
    const replicaSet = this.contacts.slice(0, replicas).map((node) => describe(node, this.answers.get(node.id.hex)));
    const others = this.contacts.slice(replicas).flatMap((node) => {
      const answer = this.answers.get(node.id.hex);
      return answer === undefined || answer.size < 0 ? [] : [{ node, storeId: answer.storeId, synced: answer.synced }];
    });
    this.ctx.emit({ type: 'whereDone', ref: this.command.ref, result: { outcome, replicaSet, others } });
  }
}

function toAnswer({ storeId, entries }: HaveReplyMessage): Answer | undefined {
  const entry = entries[0];
  return entry === undefined ? undefined : { storeId, ...entry };
}

function describe(node: Contact, answer: Answer | undefined): WhereResult['replicaSet'][number] {
  if (answer === undefined) return { node, state: 'silent', synced: false };
  const { storeId, synced, size } = answer;
  return size < 0 ? { node, state: 'absent', synced, storeId } : { node, state: 'holds', synced, storeId, size };
}
