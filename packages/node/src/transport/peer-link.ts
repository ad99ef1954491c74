import { type Contact, type Id, type RequestId, supersedes } from '@dht/overlay';
import type { Message, TransferHeader } from '@dht/storage';
import type { Hello } from '@dht/wire';
import type { Connection, Stream } from '@libp2p/interface';
import { BackOff } from './back-off.ts';
import { BlockSender, type TransferOutcome } from './block-sender.ts';
import { asTransportError, type UnreachableReason, unreachableReason } from './dial-error.ts';
import type { TransportLimits } from './limits.ts';
import { Outbox } from './outbox.ts';
import { pendingOutcome, settledOrAborted } from './outcome.ts';
import { blockProtocol, mailProtocol } from './protocols.ts';
import { StreamSink } from './stream-sink.ts';
import { closeGently, openStream } from './streams.ts';
import { TransportError } from './transport.ts';

/** What a link needs of the transport, and what it tells it. */
export interface LinkOwner {
  readonly limits: TransportLimits;
  /** Aborted when the transport stops. */
  readonly stopped: AbortSignal;
  /** Whether this node belongs to a network, and its next Hellos say so. */
  readonly isMember: boolean;
  /** This node's next Hello, in the bytes of its frame. */
  hello(): Uint8Array;
  dial(to: Contact, signal: AbortSignal): Promise<Connection>;
  onConnected(link: PeerLink, contact: Contact, rttMs: number): void;
  onDisconnected(link: PeerLink, contact: Contact): void;
  onUnreachable(link: PeerLink, contact: Contact, reason: UnreachableReason): void;
  onDropped(link: PeerLink, message: Message): void;
}

/** A mailbox that the peer opened here, with what its Hello said and proved. */
export interface Inbox {
  readonly connection: Connection;
  readonly stream: Stream;
  readonly hello: Hello;
  readonly contact: Contact;
}

/** The mailbox that this node opened there. */
interface Mailbox {
  readonly connection: Connection;
  readonly stream: Stream;
  readonly sink: StreamSink;
  /** Whether its Hello named a network. */
  readonly isMember: boolean;
  /** How long it took to open: one round trip, for the peer has to agree to the protocol. */
  readonly rttMs: number;
}

/**
 * All there is between this node and one peer: the mailbox to it, the mailbox from it, the block stream to it, and what waits for
 * them. Connected means that both mailboxes are open and both Hellos said; when one of them breaks, all of it ends.
 *
 * When both sides dial at the same moment there are two connections, and each side goes on sending on its own.
 */
export class PeerLink {
  readonly id: Id;
  /** Last use in either direction, monotonic milliseconds. */
  usedMs: number = performance.now();
  readonly #owner: LinkOwner;
  readonly #outbox: Outbox;
  readonly #blocks: BlockSender;
  readonly #backOff: BackOff;
  #contact: Contact | undefined;
  #mailbox: Mailbox | undefined;
  #inbox: Inbox | undefined;
  #opening: Promise<void> | undefined;
  #isConnected = false;
  #isDialling = false;
  #isOpeningBlocks = false;
  #outcome = pendingOutcome<Contact>();

  constructor(id: Id, owner: LinkOwner) {
    this.id = id;
    this.#owner = owner;
    this.#backOff = new BackOff(owner.limits.backOffMsMin, owner.limits.backOffMsMax);
    this.#outbox = new Outbox(owner.limits, (message) => owner.onDropped(this, message));
    this.#blocks = new BlockSender(owner.limits, () => this.#openBlockStream());
  }

  /** What its Hello proved, or else what this node was told to send to. */
  get contact(): Contact | undefined {
    return this.#inbox?.contact ?? this.#contact;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Nothing waits here to be sent. */
  get isIdle(): boolean {
    return this.#outbox.isEmpty && this.#blocks.isIdle;
  }

  /** Nothing is open or under way. */
  get isForgettable(): boolean {
    return this.#mailbox === undefined && this.#inbox === undefined && !this.#isDialling && this.isIdle && !this.isAvoided;
  }

  /** The last dial failed a moment ago. */
  get isAvoided(): boolean {
    return this.#backOff.reason(performance.now()) !== undefined;
  }

  /** Something has come from the peer; returns who it is, when connected. */
  onReceived(): Contact | undefined {
    this.usedMs = performance.now();
    return this.#isConnected ? this.contact : undefined;
  }

  /** Whether mail that came by `inbox` is to be taken. */
  isCurrent(inbox: Inbox): boolean {
    return this.#isConnected && this.#inbox === inbox;
  }

  get connections(): ReadonlySet<Connection> {
    return new Set([this.#mailbox, this.#inbox].flatMap((side) => (side === undefined ? [] : [side.connection])));
  }

  send(to: Contact, message: Message): void {
    this.usedMs = performance.now();
    this.#outbox.push(message);
    this.reach(to);
  }

  /** The peer asked something that this version does not know. */
  answerUnsupported(request: RequestId, messageType: number): void {
    this.#outbox.push({ type: 'unsupported', request, messageType });
  }

  transfer(to: Contact, header: TransferHeader, bytes: Uint8Array, done: (outcome: TransferOutcome) => void): void {
    this.usedMs = performance.now();
    this.#blocks.send(header, bytes, done);
    this.reach(to);
  }

  /** Dials when there is no connection. */
  reach(to: Contact): void {
    if (this.#contact === undefined || supersedes(to, this.#contact)) {
      this.#contact = to;
      this.#backOff.reset();
    }
    if (this.#isConnected || this.#isDialling || this.#inbox !== undefined) return;
    const reason = this.#backOff.reason(performance.now());
    if (reason === undefined) void this.#dial(to);
    else queueMicrotask(() => this.#giveUp(to, reason));
  }

  /**
   * Introduces this node on a connection that was dialled, and resolves when the peer has done the same. Rejects with why it has
   * not; the connection is closed then.
   */
  async introduce(connection: Connection, signal: AbortSignal): Promise<Contact> {
    if (this.#isConnected && this.contact !== undefined) {
      if (!this.connections.has(connection)) void closeGently(connection);
      return this.contact;
    }
    const outcome = this.#outcome.promise;
    try {
      await this.#openMailbox(connection, signal);
      const contact = await settledOrAborted(outcome, signal);
      if (!this.connections.has(connection)) void closeGently(connection);
      return contact;
    } catch (error) {
      const fault = asTransportError(error);
      if (!this.#isConnected && this.#mailbox?.connection === connection) this.#end(fault);
      connection.abort(fault);
      throw error;
    }
  }

  /**
   * The peer has opened a mailbox here. It takes the place of an older one, and this node opens its own when there is none.
   * Rejects when a newer one is open.
   */
  async receive(inbox: Inbox): Promise<void> {
    const current = this.#inbox;
    if (current !== undefined) {
      if (!isNewer(inbox.hello, current.hello)) throw new TransportError('protocol', 'a newer mailbox of this peer is open');
      // Another connection means that the peer has lost this one; another incarnation, that it has lost everything.
      if (inbox.connection !== current.connection || inbox.hello.incarnation > current.hello.incarnation) {
        this.#end(new TransportError('protocol', 'the peer has connected anew'), inbox.connection);
      }
    }
    this.#inbox = inbox;
    this.usedMs = performance.now();
    const signal = AbortSignal.any([AbortSignal.timeout(this.#owner.limits.helloTimeoutMs), this.#owner.stopped]);
    await this.#openMailbox(inbox.connection, signal);
  }

  /** The peer's mailbox has ended, by its own doing or because of what it sent. */
  ended(inbox: Inbox, error: TransportError): void {
    if (this.#inbox !== inbox) return;
    // Who had no network may have learned one here and is about to say Hello again.
    const mayReturn = inbox.hello.network === undefined && error.code === 'aborted' && this.#mailbox?.stream.status === 'open';
    if (mayReturn) this.#inbox = undefined;
    else this.#end(error);
  }

  /**
   * The peer is not one to talk to. It gets this node's Hello before the connection is closed, so that it knows why.
   */
  async refuse(connection: Connection, error: TransportError): Promise<void> {
    const signal = AbortSignal.any([AbortSignal.timeout(this.#owner.limits.helloTimeoutMs), this.#owner.stopped]);
    try {
      await this.#openMailbox(connection, signal);
    } finally {
      this.#outcome.reject(error);
      setTimeout(() => void closeGently(connection), this.#owner.limits.refusalLingerMs).unref();
    }
  }

  /** Closes what is open at once: it leads nowhere. */
  abort(error: TransportError): void {
    this.#end(error);
  }

  /** Closes what is open once it has been sent. */
  async close(): Promise<void> {
    this.#outbox.flush();
    const connections = this.connections;
    this.#end(new TransportError('aborted', 'the connection was closed here'), ...connections);
    await Promise.all([...connections].map(closeGently));
  }

  async #dial(to: Contact): Promise<void> {
    this.#isDialling = true;
    const signal = AbortSignal.any([AbortSignal.timeout(this.#owner.limits.dialTimeoutMs), this.#owner.stopped]);
    try {
      const connection = await this.#owner.dial(to, signal);
      await this.introduce(connection, signal);
    } catch (error) {
      this.#isDialling = false;
      if (!this.#isConnected) this.#onDialFailed(to, signal.aborted ? signal.reason : error);
    } finally {
      this.#isDialling = false;
    }
  }

  #onDialFailed(to: Contact, error: unknown): void {
    const reason = unreachableReason(error);
    this.#backOff.onFailure(reason, performance.now());
    this.#giveUp(to, reason);
  }

  #giveUp(to: Contact, reason: UnreachableReason): void {
    if (this.#isConnected) return;
    this.#owner.onUnreachable(this, to, reason);
    this.#outbox.dropAll();
    this.#blocks.failAll();
  }

  /** Opens the mailbox to the peer, unless there is one that says what is to be said. */
  async #openMailbox(connection: Connection, signal: AbortSignal): Promise<void> {
    if (this.#opening !== undefined) await this.#opening;
    if (this.#mailbox?.isMember === this.#owner.isMember) {
      this.#check();
      return;
    }
    this.#opening = this.#open(connection, signal);
    try {
      await this.#opening;
    } finally {
      this.#opening = undefined;
    }
  }

  async #open(connection: Connection, signal: AbortSignal): Promise<void> {
    const sinceMs = performance.now();
    const stream = await openStream(connection, mailProtocol, signal);
    const rttMs = performance.now() - sinceMs;
    const sink = new StreamSink(stream, () => this.#outbox.flush());
    const mailbox = { connection, stream, sink, isMember: this.#owner.isMember, rttMs };
    if (!sink.write(this.#owner.hello())) throw new TransportError('refused', 'the connection closed before Hello was sent');
    const old = this.#mailbox;
    this.#mailbox = mailbox;
    if (old !== undefined) void closeGently(old.stream);
    stream.addEventListener('close', ({ error }) => queueMicrotask(() => this.#onMailboxClosed(mailbox, error)));
    this.#check();
  }

  #onMailboxClosed(mailbox: Mailbox, error: Error | undefined): void {
    if (this.#mailbox !== mailbox) return;
    // The whole connection closes in order: what the peer said last is still to be read, and its inbox then ends all.
    if (error === undefined && this.#inbox !== undefined && this.#inbox.stream.status !== 'open') return;
    this.#end(asTransportError(error ?? new Error('the peer closed the mailbox')));
  }

  /** Both Hellos are said, and both name the network. */
  #check(): void {
    const [mailbox, inbox] = [this.#mailbox, this.#inbox];
    if (this.#isConnected || !mailbox?.isMember || inbox?.hello.network === undefined) return;
    this.#isConnected = true;
    this.#backOff.reset();
    this.#owner.onConnected(this, inbox.contact, mailbox.rttMs);
    this.#outcome.resolve(inbox.contact);
    this.#outbox.attach(mailbox.sink);
    if (!this.#blocks.isIdle) this.#openBlockStream();
  }

  #openBlockStream(): void {
    const connection = this.#mailbox?.connection;
    if (!this.#isConnected || connection === undefined || this.#isOpeningBlocks) return;
    this.#isOpeningBlocks = true;
    void this.#attachBlocks(connection).finally(() => {
      this.#isOpeningBlocks = false;
    });
  }

  async #attachBlocks(connection: Connection): Promise<void> {
    const signal = AbortSignal.any([AbortSignal.timeout(this.#owner.limits.helloTimeoutMs), this.#owner.stopped]);
    try {
      const stream = await openStream(connection, blockProtocol, signal);
      if (this.#mailbox?.connection !== connection) throw new TransportError('aborted', 'the connection ended meanwhile');
      stream.addEventListener('close', () => this.#blocks.detach(stream));
      this.#blocks.attach(stream);
    } catch {
      // The connection is breaking, or the peer refuses blocks; the transfers have failed either way.
      this.#blocks.failAll();
    }
  }

  /** Ends everything and closes the connections but the `kept` ones. */
  #end(error: TransportError, ...kept: readonly Connection[]): void {
    const connections = this.connections;
    const contact = this.contact;
    const wasConnected = this.#isConnected;
    this.#mailbox = undefined;
    this.#inbox = undefined;
    this.#isConnected = false;
    this.#outbox.detach();
    this.#outcome.reject(error);
    this.#outcome = pendingOutcome();
    for (const connection of connections) if (!kept.includes(connection)) connection.abort(error);
    if (wasConnected && contact !== undefined) this.#owner.onDisconnected(this, contact);
    if (!this.#isDialling) this.#outbox.dropAll();
    this.#blocks.failAll();
  }
}

function isNewer(candidate: Hello, known: Hello): boolean {
  if (candidate.incarnation !== known.incarnation) return candidate.incarnation > known.incarnation;
  return candidate.streamSequence > known.streamSequence;
}
