import type { Contact } from '@dht/overlay';
import type { Message } from '@dht/storage';
import { decodeFrame, decodeHello, type Hello, WireError } from '@dht/wire';
import type { Connection, Stream } from '@libp2p/interface';
import { pipe } from 'it-pipe';
import { type AddressBook, nodeId } from './address-book.ts';
import { receiveBlocks } from './block-receiver.ts';
import { frames } from './mail-source.ts';
import { contactsOf, withGoodContacts } from './message-contacts.ts';
import type { Inbox, PeerLink } from './peer-link.ts';
import type { PeerLinks } from './peer-links.ts';
import { streamSource } from './stream-source.ts';
import { TransportError, type TransportEvents } from './transport.ts';

export interface ReceptionInit {
  readonly links: PeerLinks;
  readonly book: AddressBook;
  readonly events: TransportEvents;
  /** Settles when this node can say Hello itself. */
  readonly ready: Promise<void>;
  /** Why a peer with this Hello is refused; undefined when it is welcome. */
  readonly refusal: (hello: Hello, link: PeerLink) => TransportError | undefined;
}

/**
 * Serves the streams that peers open here. Whatever a peer sends, the worst that follows is that its connection is closed; an
 * error that is not the peer's doing is thrown on.
 */
export class Reception {
  readonly #init: ReceptionInit;

  constructor(init: ReceptionInit) {
    this.#init = init;
  }

  /** A mailbox: Hello, then messages in their order. */
  async serveMail(stream: Stream, connection: Connection): Promise<void> {
    const { links, ready } = this.#init;
    const batches = pipe(streamSource(stream, links.limits.readAheadBytes), frames);
    const link = links.ensure(nodeId(connection.remotePeer));
    let inbox: Inbox | undefined;
    try {
      const [hello, ...mail] = await firstOf(batches, stream, links.limits.helloTimeoutMs);
      await ready;
      inbox = await this.#welcome(decodeHello(hello), stream, connection, link);
      if (inbox === undefined) return;
      await link.receive(inbox);
      await this.#deliver(mail, inbox, link);
      for await (const batch of batches) await this.#deliver(batch, inbox, link);
      link.ended(inbox, new TransportError('aborted', 'the peer closed its mailbox'));
    } catch (error) {
      const fault = asPeerFault(error);
      stream.abort(fault);
      if (inbox === undefined) connection.abort(fault);
      else link.ended(inbox, fault);
    }
  }

  /** Blocks, which only a connected peer may send. */
  async serveBlocks(stream: Stream, connection: Connection): Promise<void> {
    const { links, events } = this.#init;
    const chunks = streamSource(stream, links.limits.readAheadBytes);
    const link = links.get(nodeId(connection.remotePeer));
    try {
      if (link?.isConnected !== true) throw new TransportError('protocol', 'blocks before both Hellos');
      await receiveBlocks(chunks, stream, (header, bytes) => {
        const from = link.onReceived();
        if (from !== undefined) return events.block(from, header, bytes);
      });
    } catch (error) {
      const fault = asPeerFault(error);
      stream.abort(fault);
      if (fault.code === 'protocol') connection.abort(fault);
    }
  }

  /** The peer's mailbox, once its Hello is proven; undefined when the peer was refused. */
  async #welcome(hello: Hello, stream: Stream, connection: Connection, link: PeerLink): Promise<Inbox | undefined> {
    const contact = await this.#prove(hello, connection);
    const refusal = this.#init.refusal(hello, link);
    if (refusal === undefined) return { connection, stream, hello, contact };
    await link.refuse(connection, refusal);
    return undefined;
  }

  /** The peer as a contact, its record being its own. */
  async #prove(hello: Hello, connection: Connection): Promise<Contact> {
    const record = await this.#init.book.open(hello.address);
    if (record?.peerId.equals(connection.remotePeer) !== true) {
      throw new TransportError('protocol', `${connection.remotePeer} said Hello with a peer record that is not its own`);
    }
    return { id: record.id, incarnation: hello.incarnation, role: hello.role, address: hello.address, addressSeq: record.seq };
  }

  async #deliver(batch: readonly Uint8Array[], inbox: Inbox, link: PeerLink): Promise<void> {
    for (const frame of batch) {
      const decoded = decodeFrame(frame);
      if (decoded.kind === 'message') {
        const verified = this.#verified(decoded.message);
        const message = verified instanceof Promise ? await verified : verified;
        if (message === undefined) continue;
        if (!link.isCurrent(inbox)) throw new TransportError('protocol', 'mail without a connection that both sides agreed on');
        link.onReceived();
        this.#init.events.message(inbox.contact, message);
      } else if (decoded.kind === 'unknown' && decoded.request !== undefined) {
        link.answerUnsupported(decoded.request, decoded.messageType);
      }
    }
  }

  /** The message with only such contacts as their records prove; nearly always at once, since nearly all were met before. */
  #verified(message: Message): Message | undefined | Promise<Message | undefined> {
    const { book } = this.#init;
    const unknown = contactsOf(message).filter((contact) => book.known(contact) === undefined);
    return unknown.length === 0 ? message : this.#verify(message, unknown);
  }

  async #verify(message: Message, unknown: readonly Contact[]): Promise<Message | undefined> {
    const bad = new Set<Contact>();
    for (const contact of unknown) if ((await this.#init.book.verify(contact)) === undefined) bad.add(contact);
    return withGoodContacts(message, (contact) => !bad.has(contact));
  }
}

/** The frames that came first, at least one. */
async function firstOf(batches: AsyncGenerator<Uint8Array[]>, stream: Stream, timeoutMs: number): Promise<[Uint8Array, ...Uint8Array[]]> {
  const onTimeout = (): void => stream.abort(new TransportError('timeout', `no Hello within ${timeoutMs} ms`));
  const timer = setTimeout(onTimeout, timeoutMs);
  try {
    const { value } = await batches.next();
    const [hello, ...mail] = value ?? [];
    if (hello === undefined) throw new TransportError('aborted', 'the peer closed its mailbox before Hello');
    return [hello, ...mail];
  } finally {
    clearTimeout(timer);
  }
}

/** What a peer did wrong, or what happened to its connection. Anything else is a defect here and is thrown on. */
function asPeerFault(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  if (error instanceof WireError) return new TransportError('protocol', `the peer broke the protocol: ${error.message}`, { cause: error });
  throw error;
}
