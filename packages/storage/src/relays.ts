import { type Contact, type Id, SparseMap } from '@dht/overlay';
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
 * Mail to members that this node cannot reach but others can: one common neighbour passes it on (DESIGN §4). It takes one hop, only between
 * members of the leaf set of whoever passes it on, and each message is passed on once and at no greater length, so that there is nothing to
 * gain from it. Blocks do not travel this way: whoever is offered one so fetches it from a node that it reaches.
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

  /** A member has mail for another. */
  pass(from: Contact, { to, mail }: RelayMessage): void {
    const { overlay } = this.ctx;
    const target = this.member(to.id, to.incarnation);
    if (target === undefined || !overlay.isLeaf(from.id) || overlay.isRelayed(to.id) || overlay.isAvoided(to.id)) return;
    const { id, incarnation } = from;
    this.ctx.emit({ type: 'send', to: target, message: { type: 'relayed', from: { id, incarnation }, mail } });
  }

  /**
   * Whose mail it is that a member has passed on; undefined when it is not to be believed. The sender's name is only the word of whoever
   * passes it on, so nothing is taken in this way from a node that this one hears itself.
   */
  accept(via: Contact, { from }: RelayedMessage): Contact | undefined {
    const { overlay, now } = this.ctx;
    const sender = this.member(from.id, from.incarnation);
    if (sender === undefined || !overlay.isLeaf(via.id) || this.isHeard(from.id)) return undefined;
    this.ways.delete(from.id.hex);
    this.ways.set(from.id.hex, { via, atMs: now.monoMs });
    this.ways.keepLatest(waysMax);
    return sender;
  }

  /** Of a node on the ring the member in this very life. */
  private member(id: Id, incarnation: number): Contact | undefined {
    const { overlay } = this.ctx;
    if (overlay.status === 'joining' || this.ctx.isSelf(id) || !overlay.isLeaf(id)) return undefined;
    const contact = overlay.contact(id);
    return contact?.incarnation === incarnation ? contact : undefined;
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
