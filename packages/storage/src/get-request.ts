import { type Contact, compareCloseness, type Id } from '@dht/overlay';
import type { Handle } from './block.ts';
import type { Context } from './context.ts';
import type { CoreCommand, GetResult } from './io.ts';
import type { GetMissMessage, TransferHeader } from './messages.ts';
import type { PeerRecord } from './peer-record.ts';
import type { Located, Placement } from './placement.ts';
import type { ReplyMessage } from './requests.ts';
import type { Responsibility } from './responsibility.ts';
import { RoundRequest } from './round-request.ts';
import type { StorageDeadline, StorageTimer } from './timer.ts';

export type GetCommand = Extract<CoreCommand, { readonly type: 'get' }>;

export interface GetParts {
  readonly ctx: Context;
  readonly placement: Placement;
  readonly own: Responsibility;
  readonly peers: PeerRecord;
  /** The copy on this disk cannot be read. */
  readonly onSpoiled: (key: Id) => void;
}

/**
 * What one node has said in this round. `gone`: it is not to be expected to answer; `absent`: it is a vote that the key does not exist, as the
 * node is synced; `unsure`: it has it not, but might not have received it yet, or could not look.
 */
type Answer = 'idle' | 'asked' | 'gone' | 'absent' | 'unsure';

interface Candidate {
  readonly contact: Contact;
  answer: Answer;
  askedMs: number;
}

/** Rounds in which everybody answered and nobody has it: more would say the same. */
const answeredRoundsMax = 5;
/** So many times what a get hardly ever takes is too long in any case. */
const patience = 5;

/** A get: this disk, else the best replica, hedged to the next when late, then those that held the key before. */
export class GetRequest extends RoundRequest {
  private readonly parts: GetParts;
  private readonly command: GetCommand;
  protected override readonly key: Id;
  private candidates: Candidate[] = [];
  private located: Located | undefined;
  private hedge: StorageDeadline | undefined;
  private isAbsentHere = false;
  private answeredRounds = 0;

  constructor(parts: GetParts, command: GetCommand) {
    super(parts.ctx, parts.placement, command);
    this.parts = parts;
    this.command = command;
    this.key = command.key;
    this.readHere();
  }

  override cancel(): void {
    this.settle({ outcome: 'cancelled' });
  }

  onReply(from: Contact, message: ReplyMessage): void {
    if (message.type === 'getMiss') this.answer(from.id, missAnswer(message));
  }

  override onBlock(from: Contact, { block }: TransferHeader, handle: Handle): void {
    if (!block.key.equals(this.command.key)) {
      this.ctx.handles.drop(handle);
      return;
    }
    const candidate = this.find(from.id);
    if (candidate !== undefined) this.parts.peers.answered(this.ctx.now.monoMs - candidate.askedMs);
    this.ctx.handles.handOn(handle);
    this.settle({ outcome: 'found', handle, size: block.size, from });
  }

  override onCorruptBlock(from: Contact, header: TransferHeader): void {
    this.parts.peers.sentCorrupt(from, header);
    this.answer(from.id, 'unsure');
  }

  onPeerGone(id: Id): void {
    if (this.find(id)?.answer === 'asked') this.answer(id, 'gone');
  }

  onTimer(timer: StorageTimer): void {
    if (timer.type === 'expiry') this.settle({ outcome: this.located === undefined ? 'timeout' : 'unavailable' });
    else if (timer.type === 'retry') this.beginRound();
    else if (timer.type === 'silence') this.answer(timer.peer, 'gone');
    else if (timer.type === 'hedge') this.onLate();
  }

  /** Without leave to hedge the late one gets as much time again, and again. */
  private onLate(): void {
    const late = this.candidates.findLast(({ answer }) => answer === 'asked');
    if (late === undefined || !this.candidates.some(({ answer }) => answer === 'idle')) return;
    const waitedMs = this.ctx.now.monoMs - late.askedMs;
    const hedgeMs = this.parts.peers.hedgeMs(late.contact.id);
    if (waitedMs < patience * hedgeMs && !this.parts.peers.mayHedge()) this.armHedge(hedgeMs);
    else {
      this.ctx.counters.hedges++;
      this.askNext();
    }
  }

  private armHedge(delayMs: number): void {
    this.disarm(this.hedge);
    this.hedge = this.arm(delayMs, { type: 'hedge', counter: this.id.counter });
  }

  private readHere(): void {
    this.ctx.disk.read(this.command.key, (result) => {
      if (!this.isOpen) {
        if (result.outcome === 'read') this.ctx.handles.drop(result.handle);
        return;
      }
      if (result.outcome === 'read') {
        this.ctx.handles.handOn(result.handle);
        this.settle({ outcome: 'found', handle: result.handle, size: result.size });
        return;
      }
      this.isAbsentHere = result.outcome === 'absent' && this.parts.own.canDeny(this.command.key, this.ctx.now.monoMs);
      if (result.outcome === 'corrupt') this.parts.onSpoiled(this.command.key);
      this.beginRound();
    });
  }

  protected override onNotActive(): void {
    this.settle({ outcome: 'not-active' });
  }

  protected override onLocated(located: Located): void {
    this.located = located;
    const { replicas } = this.ctx.config;
    const members = this.parts.peers.bestFirst(located.contacts.slice(0, replicas));
    const leaving = located.source === 'leafSet' ? this.leavingHolders() : [];
    const order = [...members, ...located.contacts.slice(replicas), ...leaving].filter(({ id }) => !this.ctx.isSelf(id));
    this.candidates = order.map((contact) => ({ contact, answer: 'idle', askedMs: 0 }));
    if (!this.askNext()) this.conclude();
  }

  /** Nodes that hand over are in no replica set, but until they go they may be the only ones that hold the key. */
  private leavingHolders(): readonly Contact[] {
    const { clockwise, counterClockwise } = this.ctx.overlay.leafSet();
    const leaving = [...clockwise, ...counterClockwise].filter(({ status }) => status === 'leaving').map(({ contact }) => contact);
    const unique = [...new Map(leaving.map((contact) => [contact.id.hex, contact])).values()];
    const { key } = this.command;
    return unique.sort((a, b) => compareCloseness(key, a.id, b.id)).slice(0, this.ctx.config.replicas);
  }

  /** False when there is nobody left to ask. */
  private askNext(): boolean {
    const next = this.candidates.find((candidate) => candidate.answer === 'idle');
    if (next === undefined) return false;
    next.answer = 'asked';
    next.askedMs = this.ctx.now.monoMs;
    const { key, multihash } = this.command;
    this.ctx.send(next.contact, { type: 'get', request: this.id, block: { key, multihash } });
    this.expectAnswer(next.contact.id, Math.max(this.ctx.config.offerTimeoutMs, 2 * this.parts.peers.hedgeMs(next.contact.id)));
    this.armHedge(this.parts.peers.hedgeMs(next.contact.id));
    return true;
  }

  private answer(id: Id, answer: Answer): void {
    const candidate = this.find(id);
    if (candidate === undefined || candidate.answer === 'idle') return;
    this.answered(id);
    const wasWaitedFor = candidate.answer === 'asked';
    candidate.answer = answer;
    if (!wasWaitedFor) return;
    if (!this.askNext() && !this.candidates.some((other) => other.answer === 'asked')) this.conclude();
  }

  /** Everybody was asked in vain. */
  private conclude(): void {
    const isCertain = this.located?.source !== 'cache' && this.isVotedAbsent();
    if (isCertain) {
      this.settle({ outcome: 'not-found' });
      return;
    }
    const haveAllAnswered = this.candidates.every((candidate) => candidate.answer !== 'gone');
    if (haveAllAnswered && ++this.answeredRounds >= answeredRoundsMax) this.settle({ outcome: 'unavailable' });
    else this.retryLater();
  }

  /** All r members of the replica set, or all there are, are synced and have it not. */
  private isVotedAbsent(): boolean {
    const members = this.located?.contacts.slice(0, this.ctx.config.replicas) ?? [];
    const votes = members.filter(({ id }) => (this.ctx.isSelf(id) ? this.isAbsentHere : this.find(id)?.answer === 'absent'));
    return votes.length > 0 && votes.length === members.length;
  }

  private find(id: Id): Candidate | undefined {
    return this.candidates.find((candidate) => candidate.contact.id.equals(id));
  }

  private settle(result: GetResult): void {
    this.close();
    this.ctx.emit({ type: 'getDone', ref: this.command.ref, result });
  }
}

function missAnswer({ reason, synced }: GetMissMessage): Answer {
  return reason === 'absent' && synced ? 'absent' : 'unsure';
}
