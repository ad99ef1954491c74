import type { Contact, Id, Role } from '@dht/overlay';
import type { Message, TransferHeader } from '@dht/storage';
import { encodeHello, type Hello, supportedVersions } from '@dht/wire';
import type { Connection, PeerId, PrivateKey } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import type { Multiaddr } from '@multiformats/multiaddr';
import { AddressBook, type AddressRecord, nodeId } from './address-book.ts';
import { AddressSearch } from './address-search.ts';
import { parseAddress, peerIn } from './address-text.ts';
import type { TransferOutcome } from './block-sender.ts';
import { dialFailure, type UnreachableReason } from './dial-error.ts';
import { Dialler } from './dialler.ts';
import { announceable } from './host-addresses.ts';
import { KadPlane, type KadPlaneOptions } from './kad-plane.ts';
import { createNode, type Libp2pNode } from './libp2p-node.ts';
import { defaultTransportLimits, type TransportLimits } from './limits.ts';
import { listenable, startListening } from './listening.ts';
import { checkHello, type Network, networkIn } from './membership.ts';
import { OwnContact } from './own-contact.ts';
import type { LinkOwner, PeerLink } from './peer-link.ts';
import { PeerLinks, type Surplus } from './peer-links.ts';
import { blockProtocol, handleOptions, mailProtocol } from './protocols.ts';
import { Reception } from './reception.ts';
import { type Transport, TransportError, type TransportEvents } from './transport.ts';

const listenAttemptsMax = 10;

export interface Libp2pTransportInit {
  readonly privateKey: PrivateKey;
  /** Boot counter, durable before this call. */
  readonly incarnation: number;
  /** 16 bytes, hexadecimal. */
  readonly storeId: string;
  readonly role: Role;
  /** Absent: this node belongs to none yet, and takes that of the first peer that `connect` reaches. */
  readonly network?: Network | undefined;
  /** Multiaddrs to listen on; none for a node that nobody can dial. */
  readonly listen: readonly string[];
  /** Whether somebody chose `listen`: then a port that is in use is an error, otherwise the next free one is taken. */
  readonly listenChosen: boolean;
  /** Tried before all others when nobody chose `listen`. */
  readonly preferredPort?: number | undefined;
  /** Told to others instead of the addresses listened on. */
  readonly announce?: readonly string[];
  /** A number higher than every one before, durable before it returns. */
  readonly nextAddressSeq: () => number;
  readonly events: Libp2pTransportEvents;
  /** Of the open connections those that nobody needs. */
  readonly surplus?: Surplus;
  readonly limits?: Partial<TransportLimits>;
}

interface Libp2pTransportEvents extends TransportEvents {
  /** `connect` reached a network and this node had none: from here on it is this one. Make it durable before returning. */
  networkLearned(network: Network): void;
}

/** Listens and can dial. Rejects with a `TransportError`: `address-in-use` or `bad-address`. */
export async function createLibp2pTransport(init: Libp2pTransportInit): Promise<Libp2pTransport> {
  const limits = { ...defaultTransportLimits, ...init.limits };
  for (let attempt = 1; ; attempt++) {
    const listen = await listenable(init.listen, init.listenChosen, init.preferredPort);
    const transport = new Libp2pTransport(init, limits);
    try {
      await transport.start(listen);
      return transport;
    } catch (error) {
      await transport.stop();
      // Another process was faster to take the port that was free a moment ago, as when many daemons start at once.
      const isRace = error instanceof TransportError && error.code === 'address-in-use' && !init.listenChosen;
      if (!isRace || attempt === listenAttemptsMax) throw error;
    }
  }
}

/** The network over libp2p: one mailbox and one block stream each way to every peer that is talked to (DESIGN §6). */
export class Libp2pTransport implements Transport {
  readonly peerId: PeerId;
  readonly #init: Libp2pTransportInit;
  readonly #limits: TransportLimits;
  readonly #book = new AddressBook();
  readonly #links: PeerLinks;
  readonly #stopping = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  /** Peers whose network this node may take for its own. */
  readonly #teachers = new Set<PeerLink>();
  #connectionsOpened = 0;
  #messagesSent = 0;
  #node: Libp2pNode | undefined;
  #dialler: Dialler | undefined;
  #own: OwnContact | undefined;
  #network: Network | undefined;
  #kad: KadPlane | undefined;
  #search: AddressSearch | undefined;
  #streamSequence = 0;
  #upkeep: NodeJS.Timeout | undefined;

  /** Use `createLibp2pTransport`. */
  constructor(init: Libp2pTransportInit, limits: TransportLimits) {
    this.peerId = peerIdFromPrivateKey(init.privateKey);
    this.#init = init;
    this.#limits = limits;
    this.#network = init.network;
    this.#links = new PeerLinks(this.#linkOwner(), init.surplus ?? (() => []));
  }

  async start(listen: readonly Multiaddr[]): Promise<void> {
    this.#node = await createNode({
      privateKey: this.#init.privateKey,
      listen: listen.map(String),
      connectionsMax: this.#limits.connectionsMax,
      mayDial: (peerId) => this.#kad?.isSearching === true && this.#links.get(nodeId(peerId))?.isAvoided !== true,
    });
    const { libp2p, components } = this.#node;
    this.#dialler = new Dialler(components.transportManager, this.#limits);
    const reception = this.#reception();
    await libp2p.handle(mailProtocol, (stream, connection) => void reception.serveMail(stream, connection), handleOptions);
    await libp2p.handle(blockProtocol, (stream, connection) => void reception.serveBlocks(stream, connection), handleOptions);
    await startListening(libp2p);
    this.#own = await OwnContact.seal(this.#init, this.#announced());
    this.#ready.resolve();
    this.#upkeep = setInterval(() => void this.#keepUp(), this.#limits.upkeepMs).unref();
  }

  get self(): Contact {
    return this.#started(this.#own).contact;
  }

  /** Undefined while this node belongs to none. */
  get network(): Network | undefined {
    return this.#network;
  }

  /** Contacts that came with a record which is not theirs. */
  get rejectedContacts(): number {
    return this.#book.rejected;
  }

  /** Since the start; a connection counts at both of its ends. */
  get counters(): { readonly connectionsOpened: number; readonly messagesSent: number } {
    return { connectionsOpened: this.#connectionsOpened, messagesSent: this.#messagesSent };
  }

  multiaddrs(): readonly string[] {
    const addresses = this.#init.announce?.length ? this.#announced() : this.#listening();
    return addresses.map((address) => `${address}/p2p/${this.peerId}`);
  }

  /** The peers that this node is connected to. */
  peers(): readonly ConnectedPeer[] {
    return this.#links.connected().flatMap((link) => {
      const [connection] = link.connections;
      if (link.contact === undefined || connection === undefined) return [];
      return [
        { contact: link.contact, direction: connection.direction === 'inbound' ? 'in' : 'out', multiaddr: `${connection.remoteAddr}` },
      ];
    });
  }

  /** What a contact's verified record says; undefined when it has not been verified here. */
  addresses(contact: Contact): { readonly peerId: PeerId; readonly multiaddrs: readonly string[] } | undefined {
    const record = this.#book.known(contact);
    return record && { peerId: record.peerId, multiaddrs: record.multiaddrs.map((address) => `${address}/p2p/${record.peerId}`) };
  }

  async connect(text: string, signal: AbortSignal): Promise<Contact> {
    const address = parseAddress(text);
    const expected = peerIn(address);
    if (expected?.equals(this.peerId) === true) throw new TransportError('bad-address', `${text} is this node's own address`);
    const known = expected && this.#links.get(nodeId(expected));
    if (known?.isConnected === true && known.contact !== undefined) return known.contact;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#limits.dialTimeoutMs), this.#stopping.signal]);
    try {
      const connection = await this.#started(this.#dialler).dial([address], expected, limit);
      return await this.#introduce(connection, limit);
    } catch (error) {
      if (signal.aborted || this.#stopping.signal.aborted) {
        throw new TransportError('aborted', `dialling ${text} was interrupted`, { cause: error });
      }
      throw dialFailure(limit.aborted ? limit.reason : error, text);
    }
  }

  send(to: Contact, message: Message): void {
    this.#messagesSent++;
    this.#links.ensure(to.id).send(to, message);
  }

  transfer(to: Contact, header: TransferHeader, bytes: Uint8Array, done: (outcome: TransferOutcome) => void): void {
    this.#links.ensure(to.id).transfer(to, header, bytes, done);
  }

  reach(to: Contact): void {
    this.#links.ensure(to.id).reach(to);
  }

  /** The core has established that the peer is gone: what is still open leads nowhere, and the next `send` dials anew. */
  disconnect(id: Id): void {
    this.#links.get(id)?.abort(new TransportError('timeout', 'the peer does not answer any more'));
  }

  /** Starts the second plane, from which a peer's new address is learned when it is at none of those in its record. */
  async startKad(options: Omit<KadPlaneOptions, 'isClient'> = {}): Promise<void> {
    if (this.#kad !== undefined) return;
    await this.#publishRecord();
    const kad = await KadPlane.start(this.#started(this.#node), { isClient: this.#init.role === 'client', ...options });
    if (this.#stopping.signal.aborted) return kad.stop();
    this.#kad = kad;
    this.#search = new AddressSearch(kad, this.#started(this.#dialler), options.searchAfterMs);
  }

  /**
   * Addresses of a peer that other nodes know by kad-dht, at least one of them not in `known`; none when nobody knows better, or
   * when the second plane is not running. Not signed: whether the peer is there shows when it is dialled.
   */
  async findAddresses(peerId: PeerId, known: readonly Multiaddr[], signal: AbortSignal): Promise<readonly Multiaddr[]> {
    return (await this.#kad?.findAddresses(peerId, known, signal)) ?? [];
  }

  async stop(): Promise<void> {
    clearInterval(this.#upkeep);
    await this.#kad?.stop();
    await this.#links.closeAll();
    this.#stopping.abort(new TransportError('aborted', 'this node is stopping'));
    await this.#node?.libp2p.stop();
  }

  async #introduce(connection: Connection, signal: AbortSignal): Promise<Contact> {
    const link = this.#links.ensure(nodeId(connection.remotePeer));
    this.#teachers.add(link);
    try {
      return await link.introduce(connection, signal);
    } finally {
      this.#teachers.delete(link);
    }
  }

  #linkOwner(): LinkOwner {
    const transport = this;
    const { events } = this.#init;
    return {
      limits: this.#limits,
      stopped: this.#stopping.signal,
      get isMember() {
        return transport.#network !== undefined;
      },
      hello: () => this.#hello(),
      dial: (to, signal) => this.#dial(to, signal),
      onConnected: (_link, contact, rttMs) => {
        this.#search?.found(contact.id);
        this.#connectionsOpened++;
        events.connected(contact, rttMs);
        void this.#links.closeSurplus();
      },
      onDisconnected: (_link, contact) => events.disconnected(contact),
      onUnreachable: (link, contact, reason) => this.#onUnreachable(link, contact, reason),
      // Also from within `send`, whose caller does not expect to be called back.
      onDropped: (link, message) => queueMicrotask(() => link.contact && events.dropped(link.contact, message)),
    };
  }

  #reception(): Reception {
    const refusal = (hello: Hello, link: PeerLink): TransportError | undefined => this.#refusal(hello, link);
    return new Reception({ links: this.#links, book: this.#book, events: this.#init.events, ready: this.#ready.promise, refusal });
  }

  #refusal(hello: Hello, link: PeerLink): TransportError | undefined {
    try {
      checkHello(hello, this.#network);
      const theirs = networkIn(hello);
      if (this.#network === undefined && theirs !== undefined && this.#teachers.has(link)) this.#adopt(theirs);
      return undefined;
    } catch (error) {
      if (error instanceof TransportError) return error;
      throw error;
    }
  }

  #adopt(network: Network): void {
    this.#network = network;
    this.#init.events.networkLearned(network);
  }

  #hello(): Uint8Array {
    const { incarnation, role, storeId } = this.#init;
    return encodeHello({
      ...supportedVersions,
      features: 0,
      networkId: Buffer.from(this.#network?.id ?? '', 'hex'),
      ...(this.#network === undefined ? {} : { network: this.#network.descriptor }),
      incarnation,
      storeId,
      role,
      streamSequence: ++this.#streamSequence,
      address: this.self.address,
    });
  }

  async #dial(to: Contact, signal: AbortSignal): Promise<Connection> {
    const record = await this.#book.verify(to);
    if (record === undefined) throw new TransportError('bad-address', `the peer record of ${to.id} is not its own`);
    return this.#started(this.#dialler).dial(record.multiaddrs, record.peerId, signal);
  }

  #onUnreachable(link: PeerLink, contact: Contact, reason: UnreachableReason): void {
    this.#init.events.unreachable(contact, reason);
    const record = this.#book.known(contact);
    if (reason !== 'rejected' && record !== undefined) void this.#findElsewhere(link, record);
  }

  /** The peer may be up at another address than those in the record that this node has. */
  async #findElsewhere(link: PeerLink, record: AddressRecord): Promise<void> {
    const limit = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(2 * this.#limits.dialTimeoutMs)]);
    try {
      const connection = await this.#search?.connect(record, limit);
      if (connection !== undefined) await link.introduce(connection, limit);
    } catch {
      // It is not there either, which is no news.
    }
  }

  /** What identify and kad-dht tell of this node is what its contact says. */
  async #publishRecord(): Promise<void> {
    const { libp2p } = this.#started(this.#node);
    await libp2p.peerStore.patch(libp2p.peerId, { multiaddrs: this.#announced(), peerRecordEnvelope: this.self.address });
  }

  #listening(): Multiaddr[] {
    return this.#started(this.#node).components.transportManager.getAddrs();
  }

  #announced(): Multiaddr[] {
    const chosen = this.#init.announce ?? [];
    return chosen.length > 0 ? chosen.map(parseAddress) : announceable(this.#listening());
  }

  async #keepUp(): Promise<void> {
    this.#links.forgetIdle();
    await this.#links.closeSurplus();
    await this.#links.closeStrangers(this.#started(this.#node).libp2p.getConnections());
    const own = this.#started(this.#own);
    if (!(await own.update(this.#announced()))) return;
    if (this.#kad !== undefined) await this.#publishRecord();
    this.#init.events.selfChanged(own.contact);
  }

  #started<T>(part: T | undefined): T {
    if (part === undefined) throw new Error('the transport is not started');
    return part;
  }
}

export interface ConnectedPeer {
  readonly contact: Contact;
  /** Who dialled. */
  readonly direction: 'in' | 'out';
  readonly multiaddr: string;
}
