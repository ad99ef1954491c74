import type { Contact, SeededRandom } from '@dht/overlay';
import type { Handle, Message, TransferHeader } from '@dht/storage';
import { encodedSize, encodedTransferSize } from '@dht/wire';
import { chance, exponential } from '../engine/distributions.ts';
import { type Engine, eventKind, type SimEvent } from '../engine/engine.ts';
import type { FaultOptions } from '../injection/faults.ts';
import type { Host } from '../machine/host.ts';
import type { Observers } from '../world/observer.ts';
import type { Connection } from './connection.ts';
import { Connections } from './connections.ts';
import { type Dial, Dialer } from './dialer.ts';
import { congestedMs } from './line.ts';
import { Reachability } from './reachability.ts';
import { RecentMessages } from './recent-messages.ts';
import { propagationMs, type TopologyOptions } from './topology.ts';
import { Traffic } from './traffic.ts';

export interface NetworkOptions {
  readonly topology: TopologyOptions;
  /** Handshakes and Hello, on top of five one-way latencies: measured 5–6 ms (DESIGN §6). */
  readonly connectMs: number;
  readonly dialTimeoutMs: number;
  /** A connection into the void is given up after this. */
  readonly silenceMs: number;
  /** Messages that would wait longer than this for the host's own line are given up, as a mailbox does whose queue is full. */
  readonly mailWaitMsMax: number;
  /** A host that sends more than this within a second is in a loop: it is reported, and the rest of that second is lost. */
  readonly messagesPerSecondMax: number;
  /** Each message goes through this instead of being handed over as an object, for example through the wire's codec and back. */
  readonly roundTrip?: (message: Message) => Message;
}

export const defaultNetwork: Omit<NetworkOptions, 'topology'> = {
  connectMs: 6,
  dialTimeoutMs: 5_000,
  silenceMs: 20_000,
  mailWaitMsMax: 10_000,
  messagesPerSecondMax: 5_000,
};

/** Waits below this are rounding errors. */
const resolutionMs = 0.001;

/** A block on its way: subject of the receiver's event. */
export interface BlockInFlight {
  readonly header: TransferHeader;
  readonly corrupt: boolean;
}

/** A block leaving its sender: subject of the sender's event. */
export interface TransferEnd {
  readonly to: Contact;
  readonly header: TransferHeader;
  readonly connection: Connection | undefined;
}

/** Connections, delays and what goes wrong between hosts. */
export class Network {
  readonly reachability: Reachability = new Reachability();
  readonly traffic: Traffic = new Traffic();
  readonly recent: RecentMessages = new RecentMessages();
  readonly connections: Connections = new Connections();
  readonly options: NetworkOptions;
  /** Connections set up so far. */
  opened = 0;
  /** Changes in the course of a run. */
  faults: FaultOptions;
  private readonly engine: Engine;
  private readonly random: SeededRandom;
  private readonly observers: Observers;
  private readonly dialer: Dialer;

  constructor(engine: Engine, random: SeededRandom, observers: Observers, options: NetworkOptions, faults: FaultOptions) {
    this.engine = engine;
    this.random = random;
    this.observers = observers;
    this.options = options;
    this.faults = faults;
    this.dialer = new Dialer(engine, this);
  }

  /** Sends over the connection, or dials first when there is none. */
  send(from: Host, to: Contact, message: Message): void {
    const watchers = this.observers.ofSend(message.type);
    if (watchers !== undefined) for (const watcher of watchers) watcher.onSend?.(from, to, message);
    const connection = from.links.get(to.id);
    if (connection === undefined) this.dialer.enqueue(from, to, { message });
    else this.deliver(from, connection, message);
  }

  /** Dials when there is no connection. */
  connect(from: Host, to: Contact): void {
    if (!from.links.has(to.id)) this.dialer.dial(from, to);
  }

  transfer(from: Host, to: Contact, header: TransferHeader, handle: Handle): void {
    const connection = from.links.get(to.id);
    if (connection === undefined) this.dialer.enqueue(from, to, { header, handle });
    else this.upload(from, connection, to, header);
  }

  /** The dial has come to its end, one way or the other. */
  dialed(dial: Dial): void {
    this.dialer.proceed(dial);
  }

  /** A host goes on after a pause: dials that waited for it go on as well. */
  acceptParked(host: Host): void {
    this.dialer.acceptParked(host);
  }

  deliver(owner: Host, connection: Connection, original: Message): void {
    const { connections, engine, faults, random } = this;
    const peerHost = connection.peerHostOf(owner);
    const message = this.options.roundTrip === undefined ? original : this.options.roundTrip(original);
    if (this.isFlooding(owner)) return;
    const bytes = encodedSize(message);
    const type = this.traffic.add(message, bytes);
    this.recent.add(engine.now, owner.index, peerHost.index, type);
    if (owner.uplink.mailWaitMs(engine.now) > this.options.mailWaitMsMax) {
      engine.schedule(engine.now, eventKind.dropped, owner, { message } satisfies Waiting, connection.peerOf(owner));
      return;
    }
    const sentAt = owner.uplink.mail(engine.now, bytes);
    if (sentAt - engine.now > congestedMs) this.observers.notify('onCongestion', owner);
    if (!this.carries(owner, connection) || chance(random, faults.lossRate)) return;
    let arrival = sentAt + this.delayMs(owner, peerHost) + bytes / peerHost.downlink.bytesPerMs;
    if (chance(random, faults.reorderRate)) {
      arrival += random.next() * faults.reorderMsMax;
    } else {
      arrival = Math.max(arrival, connections.lastArrivalMs(connection, peerHost));
      connections.setLastArrival(connection, peerHost, arrival);
    }
    engine.schedule(arrival, eventKind.message, peerHost, message, connection, bytes);
    if (chance(random, faults.duplicateRate)) {
      engine.schedule(arrival + this.delayMs(owner, peerHost), eventKind.message, peerHost, message, connection, bytes);
    }
  }

  /** Sends the bytes of a block behind those that this host sends already. */
  upload(owner: Host, connection: Connection, to: Contact, header: TransferHeader): void {
    const { life } = owner;
    owner.prepareBlock(header.block.size, () => {
      if (owner.life === life) this.sendBlock(owner, connection, to, header);
    });
  }

  private sendBlock(owner: Host, connection: Connection, to: Contact, header: TransferHeader): void {
    const { engine, faults, random } = this;
    const peerHost = connection.peerHostOf(owner);
    const bytes = encodedTransferSize(header);
    this.traffic.addBlock(bytes);
    this.recent.add(engine.now, owner.index, peerHost.index, 'block');
    const sentAt = owner.uplink.block(engine.now, bytes);
    engine.schedule(sentAt, eventKind.io, owner, { to, header, connection } satisfies TransferEnd);
    if (!this.carries(owner, connection) || chance(random, faults.lossRate)) return;
    const block: BlockInFlight = { header, corrupt: chance(random, faults.corruptRate) };
    engine.schedule(sentAt + this.delayMs(owner, peerHost), eventKind.block, peerHost, block, connection, bytes);
  }

  /**
   * Whether what has come to the host's line is not through yet; then it is put off. A message comes when it would be through on an
   * idle line, so that only a busy one costs an event more; a block comes with its first byte, and mail passes it.
   */
  queuesBefore(host: Host, { kind, subject, extra, bytes }: SimEvent): boolean {
    const { engine } = this;
    const { downlink } = host;
    const through =
      kind === eventKind.block ? downlink.block(engine.now, bytes) : downlink.mail(engine.now - bytes / downlink.bytesPerMs, bytes);
    if (through - engine.now < resolutionMs) return false;
    if (kind === eventKind.message && through - engine.now > congestedMs) this.observers.notify('onCongestion', host);
    engine.schedule(through, kind, host, subject, extra);
    return true;
  }

  /** One way, with jitter. */
  delayMs(from: Host, to: Host): number {
    const { topology } = this.options;
    return propagationMs(from.place, to.place, topology) + exponential(this.random, topology.jitterMsMean);
  }

  /** One way, on idle lines. */
  meanDelayMs(from: Host, to: Host): number {
    const { topology } = this.options;
    return propagationMs(from.place, to.place, topology) + topology.jitterMsMean;
  }

  /** Closes the owner's end in order; the peer learns of it behind everything sent so far. */
  close(owner: Host, connection: Connection): void {
    this.engine.schedule(this.engine.now, eventKind.disconnected, owner, connection);
    this.hangUp(owner, connection);
  }

  /** The owner's process is gone. With its machine alive the kernel closes the connection, otherwise the peer hears nothing. */
  abandon(owner: Host, connection: Connection, machineAlive: boolean): void {
    const peerHost = connection.peerHostOf(owner);
    this.connections.close(connection, owner);
    if (machineAlive) this.hangUp(owner, connection);
    else if (connection.isOpenAt(peerHost)) this.giveUpLater(peerHost, connection);
  }

  private isFlooding(host: Host): boolean {
    const second = Math.floor(this.engine.now / 1000);
    if (host.sendingSecond !== second) {
      host.sendingSecond = second;
      host.sentInSecond = 0;
    }
    const sent = ++host.sentInSecond;
    if (sent === this.options.messagesPerSecondMax) this.observers.notify('onFlood', host, sent);
    return sent > this.options.messagesPerSecondMax;
  }

  /** Whether a packet gets through; when not, the end of the connection is only a question of time. */
  private carries(owner: Host, connection: Connection): boolean {
    const peerHost = connection.peerHostOf(owner);
    this.connections.use(connection, owner, this.engine.now);
    const reachable = this.reachability.allows(owner.index, peerHost.index);
    if (reachable && connection.isOpenAt(peerHost)) {
      this.connections.use(connection, peerHost, this.engine.now);
      return true;
    }
    // The peer's machine knows nothing of this connection, and says so.
    if (reachable && peerHost.machineAlive)
      this.engine.schedule(this.engine.now + 2 * this.delayMs(owner, peerHost), eventKind.disconnected, owner, connection);
    else this.giveUpLater(owner, connection);
    return false;
  }

  private hangUp(owner: Host, connection: Connection): void {
    const peerHost = connection.peerHostOf(owner);
    if (!connection.isOpenAt(peerHost)) return;
    if (!this.reachability.allows(owner.index, peerHost.index)) {
      this.giveUpLater(peerHost, connection);
      return;
    }
    const arrival = Math.max(this.engine.now + this.delayMs(owner, peerHost), this.connections.lastArrivalMs(connection, peerHost));
    this.engine.schedule(arrival, eventKind.disconnected, peerHost, connection);
  }

  private giveUpLater(owner: Host, connection: Connection): void {
    if (connection.isBreakingAt(owner)) return;
    connection.setBreaking(owner, true);
    const peerHost = connection.peerHostOf(owner);
    this.engine.after(this.options.silenceMs, () => {
      connection.setBreaking(owner, false);
      const sound = connection.isOpenAt(peerHost) && this.reachability.allows(owner.index, peerHost.index);
      if (connection.isOpenAt(owner) && !sound) this.engine.schedule(this.engine.now, eventKind.disconnected, owner, connection);
    });
  }
}

/** What waits for a connection. */
export type Waiting = { readonly message: Message } | { readonly header: TransferHeader; readonly handle: Handle };
