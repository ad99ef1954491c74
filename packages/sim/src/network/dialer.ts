import type { Contact } from '@dht/overlay';
import { type Engine, eventKind } from '../engine/engine.ts';
import type { Host } from '../machine/host.ts';
import type { Connection } from './connection.ts';
import type { Network, Waiting } from './network.ts';

/** Messages and blocks that wait for one connection at most. */
const waitingMax = 256;

export type UnreachableReason = 'refused' | 'timeout';

/** One attempt of a host to connect to another, and what waits for it. */
export class Dial {
  readonly from: Host;
  readonly to: Contact;
  readonly waiting: Waiting[] = [];
  readonly startedAt: number;
  /** The first packet has reached the other machine, which has somebody listening. */
  accepted = false;
  /** What a round trip took, once it is accepted. */
  rttMs: number | undefined = undefined;
  done = false;
  /** Set when it failed. */
  reason: UnreachableReason | undefined = undefined;

  constructor(from: Host, to: Contact, startedAt: number) {
    this.from = from;
    this.to = to;
    this.startedAt = startedAt;
  }
}

/** Sets connections up: one attempt at a time between two hosts, with what was to be sent queued behind it. */
export class Dialer {
  private readonly engine: Engine;
  private readonly network: Network;
  /** Dials that a paused process has not answered yet. */
  private readonly parked = new Map<number, Dial[]>();

  constructor(engine: Engine, network: Network) {
    this.engine = engine;
    this.network = network;
  }

  enqueue(from: Host, to: Contact, waiting: Waiting): void {
    const dial = this.dial(from, to);
    if (dial.waiting.length < waitingMax) dial.waiting.push(waiting);
    else this.giveUp(from, to, waiting);
  }

  /** The attempt that is under way, or a new one. */
  dial(from: Host, to: Contact): Dial {
    return from.dials.get(to.id.hex) ?? this.start(from, to);
  }

  /** The next stage of an attempt: the other machine is reached, then the handshakes are done. */
  proceed(dial: Dial): void {
    if (dial.done) return;
    const peer = dial.from.findPeer(dial.to);
    if (dial.accepted) this.complete(dial, peer);
    else this.arrive(dial, peer);
  }

  /** The process at `host` runs again and answers those who knocked. */
  acceptParked(host: Host): void {
    const dials = this.parked.get(host.index);
    if (dials === undefined) return;
    this.parked.delete(host.index);
    for (const dial of dials) if (!dial.done && dial.from.runs) this.accept(dial, host);
  }

  private start(from: Host, to: Contact): Dial {
    const dial = new Dial(from, to, this.engine.now);
    from.dials.set(to.id.hex, dial);
    const peer = from.findPeer(to);
    const delay = peer === undefined ? this.network.options.topology.spanMs : this.network.delayMs(from, peer);
    this.engine.schedule(this.engine.now + delay, eventKind.connected, from, dial);
    return dial;
  }

  private arrive(dial: Dial, peer: Host | undefined): void {
    const stale = peer !== undefined && dial.to.addressSeq < peer.addressSeqReachable;
    if (peer === undefined || stale) this.fail(dial, 'refused');
    else if (this.isCut(dial.from, peer) || !peer.machineAlive || !peer.dialable) this.fail(dial, 'timeout');
    else if (peer.state === 'off') this.fail(dial, 'refused');
    else if (peer.state === 'paused') this.park(dial, peer);
    else this.accept(dial, peer);
  }

  private accept(dial: Dial, peer: Host): void {
    dial.accepted = true;
    // SYN went one way already; its answer, two rounds of Noise and yamux, and Hello remain: four times one way.
    const wayMs = this.network.delayMs(dial.from, peer);
    dial.rttMs = 2 * wayMs;
    const handshakesMs = 4 * wayMs + this.network.options.connectMs;
    const { life } = dial.from;
    peer.answer(() => {
      if (dial.from.life === life) this.engine.schedule(this.engine.now + handshakesMs, eventKind.connected, dial.from, dial);
    });
  }

  private park(dial: Dial, peer: Host): void {
    const dials = this.parked.get(peer.index) ?? [];
    this.parked.set(peer.index, dials);
    dials.push(dial);
    this.engine.schedule(dial.startedAt + this.network.options.dialTimeoutMs, eventKind.unreachable, dial.from, dial, 'timeout');
  }

  private complete(dial: Dial, peer: Host | undefined): void {
    if (peer === undefined || (peer.state === 'off' && peer.machineAlive)) this.fail(dial, 'refused');
    else if (this.isCut(dial.from, peer) || !peer.runs) this.fail(dial, 'timeout');
    else this.establish(dial.from, peer, dial.rttMs);
  }

  /** A handshake needs both directions. */
  private isCut(from: Host, peer: Host): boolean {
    const { reachability } = this.network;
    return !reachability.allows(from.index, peer.index) || !reachability.allows(peer.index, from.index);
  }

  private establish(from: Host, peer: Host, rttMs: number | undefined): void {
    dropStale(peer, from);
    dropStale(from, peer);
    if (!from.links.has(peer.id)) {
      const connection = this.network.connections.open(from, peer, this.engine.now);
      this.network.opened++;
      peer.connected(connection, rttMs);
      from.connected(connection, rttMs);
    }
    this.flush(from, peer);
    this.flush(peer, from);
  }

  /** Ends the dial of `from` to `peer`, if there is one, with success. */
  private flush(from: Host, peer: Host): void {
    const dial = from.dials.get(peer.id.hex);
    const connection = from.links.get(peer.id);
    if (dial === undefined || connection === undefined) return;
    dial.done = true;
    from.dials.delete(peer.id.hex);
    for (const waiting of dial.waiting) this.hand(connection, dial, waiting);
  }

  private hand(connection: Connection, { from, to }: Dial, waiting: Waiting): void {
    if ('message' in waiting) this.network.deliver(from, connection, waiting.message);
    else this.network.upload(from, connection, to, waiting.header);
  }

  private fail(dial: Dial, reason: UnreachableReason): void {
    const { engine, network } = this;
    const peer = dial.from.findPeer(dial.to);
    const answerMs = peer === undefined ? network.options.topology.spanMs : network.delayMs(dial.from, peer);
    const at = reason === 'refused' ? engine.now + answerMs : Math.max(engine.now, dial.startedAt + network.options.dialTimeoutMs);
    engine.schedule(at, eventKind.unreachable, dial.from, dial, reason);
  }

  private giveUp(from: Host, to: Contact, waiting: Waiting): void {
    this.engine.schedule(this.engine.now, eventKind.dropped, from, waiting, to);
  }
}

/** What `host` still takes for a connection may belong to an earlier life of the peer. */
function dropStale(host: Host, peer: Host): void {
  const connection = host.links.get(peer.id);
  if (connection !== undefined && !connection.isOpenAt(peer)) host.disconnected(connection);
}
