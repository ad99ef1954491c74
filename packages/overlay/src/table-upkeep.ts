import type { Contact } from './contact.ts';
import type { Context } from './context.ts';
import type { TableReplyMessage, TableRequestMessage } from './messages.ts';
import type { Peer } from './peers.ts';
import type { Verifications } from './verification.ts';

/** Contacts in the answer to one question at most. */
const contactsMax = 64;
/** While answers bring contacts that were not known, questions come so many times as often; else less and less often. */
const haste = 16;

/**
 * Keeps the routing table filled: most contacts come from traffic; beyond that a random peer is asked for one of its rows, and
 * the contact that has been silent longest is looked for over the ring. No connection is made for it.
 */
export class TableUpkeep {
  readonly #context: Context;
  readonly #verifications: Verifications;
  #haste: number = haste;

  constructor(context: Context, verifications: Verifications) {
    this.#context = context;
    this.#verifications = verifications;
  }

  begin(): void {
    this.#context.after(this.#pauseMs(), { kind: 'tableUpkeep' });
  }

  onTimer(): void {
    this.#context.after(this.#pauseMs(), { kind: 'tableUpkeep' });
    this.#haste = Math.max(1, this.#haste / 2);
    const { table, random } = this.#context;
    // The first rows hold most of the contacts, so they are asked for most.
    const row = Math.floor(random.next() * random.next() * table.rowCount);
    const partner = this.#partner(row);
    if (partner !== undefined) this.#context.send(partner, { type: 'tableRequest', row });
    // As long as there is much to learn, doubting what is known can wait.
    const silent = this.#haste > 1 ? undefined : this.#longestSilent();
    if (silent !== undefined) this.#verifications.start(silent, 'candidate', { routed: true, delayMs: 0 });
  }

  onRequest(from: Peer, message: TableRequestMessage): void {
    const contacts: Contact[] = [];
    for (const peer of this.#shuffled(this.#context.table.row(message.row))) {
      if (contacts.length >= contactsMax) break;
      if (this.#context.isHop(peer) && peer !== from) contacts.push(peer.contact);
    }
    this.#context.send(from, { type: 'tableReply', row: message.row, contacts });
  }

  onReply(message: TableReplyMessage): void {
    const before = this.#context.table.size;
    for (const contact of message.contacts.slice(0, contactsMax)) this.#context.learn(contact);
    if (this.#context.table.size > before) this.#haste = haste;
  }

  #pauseMs(): number {
    return this.#context.jittered(this.#context.config.tableUpkeepMs / this.#haste);
  }

  /** A connected peer that shares at least `row` digits, so that its row is of use for this node's row. */
  #partner(row: number): Peer | undefined {
    const { table } = this.#context;
    const fit: Peer[] = [];
    for (let deeper = row; deeper < table.rowCount; deeper++) {
      for (const peer of table.row(deeper)) if (peer.connected && this.#context.isHop(peer)) fit.push(peer);
    }
    return this.#context.pick(fit);
  }

  #longestSilent(): Peer | undefined {
    let longest: Peer | undefined;
    for (const { peers } of this.#context.table.cells()) {
      for (const peer of peers) {
        if (peer.connected || peer.isLeaf || !this.#context.isHop(peer)) continue;
        if (longest === undefined || peer.lastHeardMs < longest.lastHeardMs) longest = peer;
      }
    }
    return longest;
  }

  #shuffled(peers: readonly Peer[]): readonly Peer[] {
    const first = Math.floor(this.#context.random.next() * peers.length);
    return [...peers.slice(first), ...peers.slice(0, first)];
  }
}
