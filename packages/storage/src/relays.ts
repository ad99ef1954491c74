import { type Contact, type Id, joinerOf, type NodeLife, SparseMap } from '@dht/overlay';
import type { Context } from './context.ts';
import type { Mail, RelayedMessage, RelayMessage } from './messages.ts';

/** Nodes of which it is known through whom their mail comes, at most: they are members, of whom there are fewer. */
const waysMax = 64;

/** Through whom a node's mail came last. */
interface Way {
  readonly via: Contact;
  readonly atMs: number;
}

/**
 * Mail to nodes that this one cannot reach but others can: one common neighbour passes it on (DESIGN §4). It takes one hop, only between
 * members of the leaf set of whoever passes it on, and each message is passed on once and at no greater length, so that there is nothing to
 * gain from it. Blocks do not travel this way: whoever is offered one so fetches it from a node that it reaches.
 *
 * A joiner is no member of anybody yet. For the steps of its join, and for nothing else, whoever is connected to it takes it for one.
 */
export class Relays {
  private readonly ctx: Context;
  private readonly ways = new SparseMap<string, Way>();

  constructor(ctx: Context) {
    this.ctx = ctx;
  }

  /** Whether bytes cannot go to the node from here, nor come from it. */
  isApart(id: Id): boolean {
    return this.ctx.overlay.isRelayed(id) || this.fresh(id) !== undefined;
  }

  /** Who is to pass on mail for the node; undefined when it is to be sent straight to it. The way that its own mail came is known to work. */
  wayTo(id: Id): Contact | undefined {
    const { overlay, random } = this.ctx;
    const way = this.fresh(id);
    if (way !== undefined || !overlay.isRelayed(id)) return way;
    const common = overlay.commonNeighbours(id);
    return common[Math.floor(random.next() * common.length)];
  }

  /** `mail` for `to`, given to `via` to be passed on. */
  send(via: Contact, { id, incarnation }: Contact, mail: Mail): void {
    this.ctx.emit({ type: 'send', to: via, message: { type: 'relay', to: { id, incarnation }, mail } });
  }

  /** A member has mail for another, or for a joiner, or a joiner for it. */
  pass(from: Contact, { to, mail }: RelayMessage): void {
    const { overlay } = this.ctx;
    if (overlay.status === 'joining' || overlay.isRelayed(to.id) || overlay.isAvoided(to.id)) return;
    const isMember = overlay.isLeaf(from.id);
    const target = this.member(to) ?? (isMember && isToJoiner[mail.type] === true ? this.stranger(to) : undefined);
    if (target === undefined || !(isMember || isFromJoiner[mail.type] === true)) return;
    const { id, incarnation } = from;
    this.ctx.emit({ type: 'send', to: target, message: { type: 'relayed', from: { id, incarnation }, mail } });
  }

  /**
   * Whose mail it is that a member has passed on; undefined when it is not to be believed. The sender's name is only the word of whoever
   * passes it on, so nothing is taken in this way from a node that this one hears itself.
   */
  accept(via: Contact, { from, mail }: RelayedMessage): Contact | undefined {
    const { overlay, now } = this.ctx;
    const sender = this.senderOf(from, mail);
    if (sender === undefined || !overlay.isLeaf(via.id) || this.isHeard(from.id)) return undefined;
    this.ways.delete(from.id.hex);
    this.ways.set(from.id.hex, { via, atMs: now.monoMs });
    this.ways.keepLatest(waysMax);
    return sender;
  }

  /** Of a node on the ring a member, or the joiner that the mail itself names; of a joiner a member that says how its join goes on. */
  private senderOf(from: NodeLife, mail: Mail): Contact | undefined {
    const { overlay } = this.ctx;
    if (overlay.status === 'joining') return isToJoiner[mail.type] === true ? this.member(from) : undefined;
    const joiner = joinerOf(mail);
    return joiner !== undefined && isLife(joiner, from) && !this.ctx.isSelf(from.id) ? joiner : this.member(from);
  }

  /** The member in this very life. */
  private member(life: NodeLife): Contact | undefined {
    return this.ctx.overlay.isLeaf(life.id) ? this.known(life) : undefined;
  }

  /** The node in this very life that is no member, but connected. */
  private stranger(life: NodeLife): Contact | undefined {
    return this.ctx.overlay.isConnected(life.id) ? this.known(life) : undefined;
  }

  private known(life: NodeLife): Contact | undefined {
    const contact = this.ctx.overlay.contact(life.id);
    return contact !== undefined && !this.ctx.isSelf(life.id) && isLife(contact, life) ? contact : undefined;
  }

  private isHeard(id: Id): boolean {
    const { overlay } = this.ctx;
    return overlay.isConnected(id) && !overlay.isRelayed(id) && !overlay.isAvoided(id);
  }

  /** The way that the node's mail has come within the time in which it may be waiting for an answer. */
  private fresh(id: Id): Contact | undefined {
    const way = this.ways.get(id.hex);
    if (way === undefined) return undefined;
    const { overlay, now, config } = this.ctx;
    const isOpen = now.monoMs - way.atMs < config.storeTimeoutMs && overlay.isLeaf(way.via.id) && !overlay.isAvoided(way.via.id);
    return isOpen && !this.isHeard(id) ? way.via : undefined;
  }
}

function isLife(contact: Contact, { id, incarnation }: NodeLife): boolean {
  return contact.id.equals(id) && contact.incarnation === incarnation;
}

/** What a joiner is told by its predecessor. */
const isToJoiner: Partial<Record<Mail['type'], true>> = { joinGrant: true, joinRefused: true, joinCommitted: true };
/** What a joiner has to say to its predecessor. */
const isFromJoiner: Partial<Record<Mail['type'], true>> = { joinRequest: true, joinCommit: true, joinCommitted: true };
