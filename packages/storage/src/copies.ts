import type { Contact, Id } from '@dht/overlay';
import type { Holder } from './block.ts';

/**
 * What has become of the copy that one node was to make.
 * - `idle`: not asked yet; `asked`: an answer may still come soon; `silent`: it is late, and no longer counted on;
 * - `stored`: durable there; `refused`: it said no, or cannot be reached.
 */
type CopyState = 'idle' | 'asked' | 'silent' | 'stored' | 'refused';

/** One node's copy of the block that is being put. */
export interface Copy {
  contact: Contact;
  state: CopyState;
  /** Known for certain once stored, before that as far as the node has told. */
  synced: boolean;
  storeId: string;
  full: boolean;
}

export interface CopyGoals {
  readonly replicas: number;
  readonly writeQuorum: number;
}

/** How bytes come to a node: it is this one, this one sends them, or it has to fetch them from another because only others reach it. */
export type Reach = 'self' | 'direct' | 'apart';

/**
 * The copies of one block: who has to be asked next, and when there are enough. A member that only others reach waits until one of them has
 * a copy that it can fetch. Knows nothing of messages.
 */
export class Copies {
  private readonly goals: CopyGoals;
  /** Closest to the key first. */
  private list: Copy[] = [];
  /** How many of the list, from its start, are the replica set. */
  private members = 0;

  private readonly reachOf: (id: Id) => Reach;

  constructor(goals: CopyGoals, reachOf: (id: Id) => Reach) {
    this.goals = goals;
    this.reachOf = reachOf;
  }

  find(id: Id): Copy | undefined {
    return this.list.find((copy) => copy.contact.id.equals(id));
  }

  /** The nodes closest to the key, closest first, as of now. Copies made or under way elsewhere are kept behind them. */
  candidates(contacts: readonly Contact[], isSynced: (contact: Contact) => boolean): void {
    const fresh = contacts.map((contact) => this.renew(contact, isSynced(contact)));
    const kept = this.list.filter((copy) => !fresh.includes(copy) && copy.state !== 'idle');
    this.list = [...fresh, ...kept];
    this.members = Math.min(this.goals.replicas, fresh.length);
  }

  /** The next one to ask; undefined when those stored and asked suffice, or nobody is left. */
  next(): Copy | undefined {
    const hasSource = this.source !== undefined;
    const idle = this.list.find((copy) => copy.state === 'idle' && (hasSource || this.reach(copy) !== 'apart'));
    if (idle === undefined || this.list.indexOf(idle) < this.members) return idle;
    const promising = this.list.filter((copy) => copy.state === 'stored' || copy.state === 'asked' || this.isWaiting(copy));
    const enough = promising.length >= this.goals.replicas;
    const enoughSynced = promising.filter((copy) => copy.synced).length >= this.goals.writeQuorum;
    return enough && enoughSynced ? undefined : idle;
  }

  /** A copy that others can fetch, whom this node does not reach. */
  get source(): Contact | undefined {
    return this.list.find((copy) => copy.state === 'stored' && this.reach(copy) === 'direct')?.contact;
  }

  /** Waits for somebody, or could ask somebody who is needed. */
  get isPending(): boolean {
    return this.list.some((copy) => copy.state === 'asked') || this.next() !== undefined;
  }

  /**
   * w synced nodes have it durably. When nobody is left to ask it also suffices that every member of the replica set has it, and
   * w of them at least: there is then no synced node that would have counted.
   */
  get hasQuorum(): boolean {
    const { writeQuorum } = this.goals;
    const stored = this.list.filter((copy) => copy.state === 'stored');
    if (stored.filter((copy) => copy.synced).length >= writeQuorum) return true;
    return stored.length >= writeQuorum && !this.isPending && this.membersHoldIt;
  }

  /** r nodes have it, the quorum is met, and no member of the replica set is about to take it. */
  get isComplete(): boolean {
    const isAwaited = this.list.slice(0, this.members).some((copy) => copy.state === 'asked');
    return !isAwaited && this.holders.length >= this.goals.replicas && this.hasQuorum;
  }

  get holders(): readonly Holder[] {
    const stored = this.list.filter((copy) => copy.state === 'stored');
    return stored.map(({ contact, storeId, synced }) => ({ node: contact, storeId, synced }));
  }

  get shortfall(): 'none' | 'too-few-nodes' | 'full' | 'unreachable' {
    if (this.holders.length >= this.goals.replicas) return 'none';
    if (this.list.some((copy) => copy.full)) return 'full';
    return this.membersHoldIt && this.members < this.goals.replicas ? 'too-few-nodes' : 'unreachable';
  }

  /** The node has another disk now than the one it wrote to. */
  voidOther(id: Id, storeId: string): boolean {
    const copy = this.find(id);
    if (copy?.state !== 'stored' || copy.storeId === storeId) return false;
    copy.state = 'idle';
    return true;
  }

  private get membersHoldIt(): boolean {
    return this.list.slice(0, this.members).every((copy) => copy.state === 'stored');
  }

  private reach(copy: Copy): Reach {
    return this.reachOf(copy.contact.id);
  }

  /** A member that will be asked when a copy is made from which it can fetch. */
  private isWaiting(copy: Copy): boolean {
    if (copy.state !== 'idle' || this.reach(copy) !== 'apart' || this.list.indexOf(copy) >= this.members) return false;
    return this.list.some((other) => other.state === 'asked' && this.reach(other) === 'direct');
  }

  private renew(contact: Contact, synced: boolean): Copy {
    const known = this.find(contact.id);
    if (known === undefined) return { contact, state: 'idle', synced, storeId: '', full: false };
    const isReborn = contact.incarnation > known.contact.incarnation;
    if (isReborn && known.state !== 'stored') Object.assign(known, { state: 'idle', synced, full: false });
    known.contact = contact;
    return known;
  }
}
