import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusReply } from '@dht/node';
import { defaultOverlayConfig, type Random } from '@dht/overlay';
import { type DaemonProcess, pathIn } from './daemon-process.ts';
import { leafSetFault, ringOrder } from './leaf-set-check.ts';
import { Peer } from './peer.ts';
import { Gate, pooled } from './pool.ts';
import { freePort } from './port.ts';
import { sample } from './random.ts';

/** More daemons that start at the same moment would only take each other's CPU time. */
const startsAtOnce = 4;
const checkPeriodMs = 100;
const leafSetTimeoutMs = 5000;
/** Contacts handed to a joiner: a person names one or two. */
const contactsPerJoin = 2;

export interface FleetOptions {
  readonly folder: string;
  readonly random: Random;
  /** What every daemon gets, the guard's mark included. */
  readonly environment: Readonly<Record<string, string>>;
  /** No process is started any more once it is aborted. */
  readonly signal: AbortSignal;
}

/** All nodes of one network, dead and alive. */
export class Fleet {
  readonly peers: Peer[] = [];
  /** Every process there was. */
  readonly processes: DaemonProcess[] = [];
  /** What `untilRingExact` found wrong last. */
  fault: string | undefined;
  private readonly options: FleetOptions;
  private readonly gate = new Gate(startsAtOnce);
  private closed = false;

  constructor(options: FleetOptions) {
    this.options = options;
  }

  get serving(): readonly Peer[] {
    return this.peers.filter((peer) => peer.serving);
  }

  get living(): readonly Peer[] {
    return this.peers.filter((peer) => peer.state !== 'ended');
  }

  /** From nothing to `count` members: the first founds the network, the others join through random members. */
  async form(count: number, onMember: () => void = () => undefined): Promise<void> {
    const first = await this.newPeer();
    await this.run(first, undefined);
    onMember();
    await pooled(Array.from({ length: count - 1 }), startsAtOnce, async () => {
      await this.startFresh();
      onMember();
    });
  }

  /** A node that never was, joining through random members. Resolves when it is one. */
  async startFresh(): Promise<{ readonly peer: Peer; readonly status: StatusReply }> {
    const peer = await this.newPeer();
    const status = await this.gate.run(() => this.run(peer, this.contacts()));
    return { peer, status };
  }

  /** A node of the role `client`: it puts and gets through the others and holds nothing. It is none of `peers`. */
  async startClient(): Promise<Peer> {
    const peer = new Peer(-1, pathIn(this.options.folder, 'client'), await freePort());
    await this.run(peer, this.contacts(), { DHT_CLIENT: 'true' });
    return peer;
  }

  /** A node that comes back on its disk and is told nothing. */
  async restart(peer: Peer): Promise<StatusReply> {
    return this.gate.run(() => this.run(peer, undefined));
  }

  /**
   * Waits until the leaf set of every living node is exactly what the living nodes make of it. Gives the milliseconds that took,
   * or what was wrong last when it took longer than `timeoutMs`.
   */
  async untilRingExact(timeoutMs: number): Promise<{ readonly ms: number } | { readonly fault: string }> {
    const startMs = performance.now();
    for (;;) {
      const fault = await this.ringFault();
      this.fault = fault;
      const ms = performance.now() - startMs;
      if (fault === undefined) return { ms: Math.round(ms) };
      if (ms > timeoutMs) return { fault };
      await sleep(checkPeriodMs);
    }
  }

  /** The first thing found that is wrong with any leaf set; undefined when the ring is exact. */
  async ringFault(): Promise<string | undefined> {
    const peers = this.living;
    const strange = peers.find((peer) => !peer.serving);
    if (strange !== undefined) return `node ${strange.number} is ${strange.state} and not a member`;
    const ring = ringOrder(peers.map((peer) => peer.id));
    for (const peer of peers) {
      const fault = await leafSetFaultOf(peer, ring);
      if (fault !== undefined) return `node ${peer.number} (${peer.id.slice(0, 8)}) ${fault}`;
    }
    return undefined;
  }

  sample(): void {
    for (const process of this.processes) process.sample();
  }

  /** Ends every process at once, stopped ones too, and lets no other start. */
  async killAll(): Promise<void> {
    this.closed = true;
    this.sample();
    for (const process of this.processes) if (process.alive) process.kill();
    await Promise.all(this.processes.map((process) => process.ended));
  }

  private async newPeer(): Promise<Peer> {
    const number = this.peers.length;
    const peer = new Peer(number, pathIn(this.options.folder, String(number).padStart(3, '0')), 0);
    this.peers.push(peer);
    peer.port = await freePort();
    return peer;
  }

  private async run(peer: Peer, join: readonly string[] | undefined, extra: Readonly<Record<string, string>> = {}): Promise<StatusReply> {
    this.options.signal.throwIfAborted();
    if (this.closed) throw new Error('the run is over');
    const started = peer.start(join, { ...this.options.environment, ...extra });
    if (peer.process !== undefined) this.processes.push(peer.process);
    return started;
  }

  private contacts(): readonly string[] {
    const chosen = sample(this.options.random, this.serving, contactsPerJoin);
    const addresses = chosen.flatMap((peer) => peer.identity?.multiaddrs.slice(0, 1) ?? []);
    if (addresses.length === 0) throw new Error('there is no member left to join through');
    return addresses;
  }
}

async function leafSetFaultOf(peer: Peer, ring: readonly string[]): Promise<string | undefined> {
  try {
    const client = await peer.client();
    const view = await client.leafSet({ signal: AbortSignal.timeout(leafSetTimeoutMs) });
    return leafSetFault(ring, view, defaultOverlayConfig.leafSetSize);
  } catch (error) {
    return `does not say its leaf set: ${error instanceof Error ? error.message : String(error)}`;
  }
}
