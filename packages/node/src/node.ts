import { randomInt } from 'node:crypto';
import { type Contact, type NodeStatus, type OverlayConfig, presets, SeededRandom } from '@dht/overlay';
import { Core, type CoreEvent, defaultStorageConfig, type HandOverResult, journalVersion, type StorageConfig } from '@dht/storage';
import { exitCodes, type LeaveProgress } from './api/contract.ts';
import type { Config } from './config/config.ts';
import { DhtError } from './error.ts';
import * as identity from './identity/node-identity.ts';
import { joinFailure } from './join-failure.ts';
import type { Logger } from './logging/logger.ts';
import { DeferredStart } from './runtime/deferred-start.ts';
import { JournalWriter } from './runtime/journal-writer.ts';
import { Runtime } from './runtime/runtime.ts';
import type { ContactMeta } from './store/meta-store.ts';
import type { Store } from './store/store.ts';
import { Strangers } from './strangers.ts';
import { portIn } from './transport/address-text.ts';
import { createLibp2pTransport, type Libp2pTransport } from './transport/libp2p-transport.ts';
import { type Network, networkOf } from './transport/membership.ts';
import { TransportError } from './transport/transport.ts';

const rememberedMax = 96;
/** Changes of the contacts worth remembering are written together. */
const rememberDelayMs = 1000;
/** With fewer contacts on disk than this, each new one is written at once: killed now, the node would not find back. */
const rememberedEnough = 4;
/** The second plane starts this long after activation, within a quarter of it, or when there is time for it: it helps nobody who is joining. */
const kadDelayMs = 60_000;
/** Messages that say good-bye get this long to leave. */
const farewellMs = 100;

/** How a node became a member: `created` a network, `joined` through a peer, `seeded` a cold start, `attached` as a client. */
export type Activation = 'created' | 'joined' | 'seeded' | 'attached';

export type LeaveOutcome = HandOverResult['outcome'];

/** Numbers of the protocol that tests and experiments turn; everybody else takes the defaults. */
export interface ProtocolOptions {
  readonly overlay?: Partial<OverlayConfig>;
  readonly storage?: Partial<StorageConfig>;
}

export interface NodeInit {
  readonly config: Config;
  readonly store: Store;
  readonly log: Logger;
  readonly protocol: ProtocolOptions;
  /** Addresses to join through; none on an empty path founds a network. */
  readonly join: readonly string[];
  /** The core is broken; the node has stopped. */
  readonly onFatal: (error: unknown) => void;
}

interface NodeParts {
  readonly init: NodeInit;
  readonly own: identity.NodeIdentity;
  readonly runtime: Runtime;
  readonly transport: Libp2pTransport;
  readonly founds: boolean;
  readonly journal: JournalWriter | undefined;
}

/** One member of the network in this process: its core with store and transport, and how it comes and goes. */
export class Node {
  readonly transport: Libp2pTransport;
  readonly runtime: Runtime;
  readonly store: Store;
  readonly identity: identity.NodeIdentity;
  private readonly init: NodeInit;
  /** From the first dial of the last join until this node was active, in milliseconds. */
  joinMs: number | undefined;
  private joinedFromMs: number | undefined;
  private readonly activation = Promise.withResolvers<Activation>();
  private isConnecting = false;
  private readonly stopping = new AbortController();
  private readonly founds: boolean;
  private readonly journal: JournalWriter | undefined;
  private readonly strangers: Strangers;
  private runningCore: Core | undefined;
  private remembering: NodeJS.Timeout | undefined;
  private readonly kadStart = new DeferredStart(() => this.startKad(), kadDelayMs);
  private onLeaveProgress: ((progress: LeaveProgress) => void) | undefined;

  private constructor({ init, own, runtime, transport, founds, journal }: NodeParts) {
    this.init = init;
    this.store = init.store;
    this.identity = own;
    this.runtime = runtime;
    this.transport = transport;
    this.founds = founds;
    this.journal = journal;
    this.strangers = new Strangers(transport, this.stopping.signal, (stranger) => this.runtime.join([stranger]));
    // Nobody has to be interested in it.
    this.activation.promise.catch(() => {});
  }

  /** Listens, and says nothing to anybody yet. Rejects with a `DhtError` when an address cannot be listened on. */
  static async start(init: NodeInit): Promise<Node> {
    const { config, store, join } = init;
    const founds = await found(store, config, join);
    const own = await identity.beginLife(store.meta);
    const onJournalError = (error: unknown): void => init.log.error({ error: String(error) }, 'the journal ends');
    const journal = config.journal === undefined ? undefined : JournalWriter.open(config.journal, onJournalError);
    let node: Node | undefined;
    const runtime = new Runtime({
      store: store.blocks,
      onEvent: (event) => node?.onEvent(event),
      onDiskError: (error) => init.log.warn({ error: String(error) }, 'disk'),
      onFatal: init.onFatal,
      record: journal && ((now, input, outputs) => journal.write({ now, input, outputs })),
    });
    try {
      const transport = await openTransport(init, own, runtime, (absent) => void node?.strangers.visit(absent));
      node = new Node({ init, own, runtime, transport, founds, journal });
      return node;
    } catch (error) {
      journal?.close();
      throw error;
    }
  }

  /** The core, once the network is known. */
  get core(): Core | undefined {
    return this.runningCore;
  }

  get network(): Network | undefined {
    return this.transport.network;
  }

  get status(): 'offline' | NodeStatus {
    return this.runningCore?.overlay.status ?? (this.isConnecting ? 'joining' : 'offline');
  }

  /** Founds the network or joins it. Resolves when this node is a member; rejects when no address to join through leads there. */
  async activate(): Promise<Activation> {
    if (!this.founds) return this.join(this.init.join);
    this.startCore();
    this.runtime.create();
    return this.activation.promise;
  }

  /**
   * Joins through any of the addresses; with none, through remembered contacts. Resolves when this node is a member, and rejects
   * with a `DhtError` when no address leads to the network and there is no other way.
   */
  async join(multiaddrs: readonly string[], signal?: AbortSignal): Promise<Activation> {
    this.isConnecting = true;
    this.joinedFromMs = performance.now();
    try {
      const contacts = await this.introduce(multiaddrs, signal);
      await this.noteEntries(contacts);
      this.startCore();
      this.runtime.join(contacts);
    } finally {
      this.isConnecting = false;
    }
    return this.activation.promise;
  }

  /**
   * Hands this node's arcs over and says good-bye; `stop` comes after it. When others have no room, or it was cancelled, nothing is
   * said and the node serves on what it holds.
   */
  async leave(timeoutMs: number, onProgress: (progress: LeaveProgress) => void, signal?: AbortSignal): Promise<LeaveOutcome> {
    if (this.runningCore === undefined) return 'alone';
    this.onLeaveProgress = onProgress;
    const { outcome } = await this.runtime.handOver({ timeoutMs, signal });
    this.onLeaveProgress = undefined;
    await new Promise((resolve) => setTimeout(resolve, farewellMs));
    return outcome;
  }

  /** Stops at once; what is acknowledged is on disk. */
  async stop(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.remembering);
    this.kadStart.stop();
    this.activation.reject(new DhtError(exitCodes.interrupted, 'the daemon was stopped before it had joined'));
    if (this.runningCore !== undefined) await this.remember().catch(() => {});
    this.runtime.stop();
    await this.transport.stop();
    this.journal?.close();
  }

  private startCore(): void {
    const { network } = this.transport;
    if (this.runningCore !== undefined || network === undefined) return;
    const { replicas, writeQuorum } = network.descriptor;
    const { config, protocol, log } = this.init;
    const seed = randomInt(2 ** 32);
    log.debug({ seed }, 'core starts');
    const { storeId, previouslyActive, remembered } = this.identity;
    const init = {
      self: this.transport.self,
      config: { ...presets[config.preset], ...protocol.overlay },
      storage: { ...defaultStorageConfig, ...protocol.storage, replicas, writeQuorum },
      storeId,
      previouslyActive,
      remembered,
    };
    this.journal?.write({ journal: journalVersion, seed, ...init });
    this.runningCore = new Core({ ...init, random: new SeededRandom(seed) });
    this.runtime.start(this.runningCore, this.transport);
  }

  /** The contacts at these addresses: as soon as one has answered, those that have by then. */
  private async introduce(multiaddrs: readonly string[], signal: AbortSignal | undefined): Promise<readonly Contact[]> {
    if (multiaddrs.length === 0) return [];
    const limit = signal === undefined ? this.stopping.signal : AbortSignal.any([signal, this.stopping.signal]);
    const contacts: Contact[] = [];
    const dials = multiaddrs.map(async (multiaddr) => contacts.push(await this.transport.connect(multiaddr, limit)));
    try {
      await Promise.any(dials);
    } catch (error) {
      const failure = joinFailure(multiaddrs, error);
      if (this.identity.remembered.length === 0 || failure.exitCode !== exitCodes.unavailable) throw failure;
      this.init.log.warn({ error: failure.message }, 'joining through contacts of earlier lives instead');
    }
    return [...contacts];
  }

  /** Killed before it is a member, the node knows the way in when it is started again without one. */
  private async noteEntries(contacts: readonly Contact[]): Promise<void> {
    const { meta } = this.store;
    if (contacts.length === 0 || (meta.get('remembered') ?? []).length > 0) return;
    await meta.set({ remembered: contacts.map(identity.contactMeta) });
  }

  private onEvent(event: CoreEvent): void {
    const { log, config } = this.init;
    switch (event.type) {
      case 'activated':
        log.info({ how: event.how }, 'active');
        if (event.how === 'joined' && this.joinedFromMs !== undefined) this.joinMs = performance.now() - this.joinedFromMs;
        void this.rememberActivation(config.client ? 'attached' : event.how);
        if (config.kad) this.kadStart.begin();
        break;
      case 'joinRefused':
        log.info({ reason: event.reason }, 'not a member yet, trying again');
        break;
      case 'leafSetChanged':
        this.rememberLater();
        break;
      case 'rememberedChanged':
        this.rememberLater();
        break;
      case 'handOverProgress':
        this.onLeaveProgress?.({ type: 'progress', remaining: event.remaining });
        break;
      case 'twin':
        log.error({ incarnation: event.incarnation }, 'another live process has the identity of this node: was its path copied?');
        break;
      default:
        log.debug({ event: event.type }, 'core');
    }
  }

  private startKad(): void {
    const { log } = this.init;
    log.debug('kad-dht starts');
    this.transport.startKad().catch((error) => log.warn({ error: String(error) }, 'kad-dht'));
  }

  /**
   * Whom this node has just joined is on its disk, together with the fact that it was a member, before anybody is told that it is one:
   * killed now and started again it would otherwise know nobody and found a ring of its own.
   */
  private async rememberActivation(how: Activation): Promise<void> {
    try {
      const remembered = this.worthRemembering();
      await this.store.meta.set({ previouslyActive: true, ...(remembered.length > 0 ? { remembered } : {}) });
      this.activation.resolve(how);
    } catch (error) {
      this.init.onFatal(error);
    }
  }

  /** The neighbours, whom this node will meet again first, and others from all over the ring. */
  private worthRemembering(): readonly ContactMeta[] {
    const { overlay } = this.runtime;
    const { clockwise, counterClockwise } = overlay.leafSet();
    const contacts = [...[...clockwise, ...counterClockwise].map(({ contact }) => contact), ...overlay.remembered()];
    const newest = new Map(contacts.map((contact) => [contact.id.hex, contact]));
    return [...newest.values()].slice(0, rememberedMax).map(identity.contactMeta);
  }

  private rememberLater(): void {
    const remember = (): void =>
      void this.remember().catch((error) => this.init.log.warn({ error: String(error) }, 'contacts not written'));
    const isEnough = (this.store.meta.get('remembered') ?? []).length >= rememberedEnough;
    this.remembering ??= setTimeout(remember, isEnough ? rememberDelayMs : 0);
  }

  private async remember(): Promise<void> {
    this.remembering = undefined;
    const remembered = this.worthRemembering();
    // A node that sees nobody now still knows whom it saw.
    if (remembered.length > 0) await this.store.meta.set({ remembered });
  }
}

/** Whether the network was founded here and has no other member yet, not even this node. */
function isFounder(meta: Store['meta']): boolean {
  return meta.get('founder') === true && meta.get('previouslyActive') !== true;
}

/** Makes up a network on an empty path. Whether this node is the one that creates it. */
async function found({ meta }: Store, config: Config, join: readonly string[]): Promise<boolean> {
  if (join.length > 0) return false;
  if (meta.get('network') !== undefined) return isFounder(meta);
  if (config.client) {
    throw new DhtError(exitCodes.usage, 'a client cannot found a network', { hint: 'Name a member: `dht join --client <multiaddr>`.' });
  }
  await meta.set({ network: identity.networkMeta(identity.newNetwork(config.replicas, config.writeQuorum)), founder: true });
  return true;
}

async function openTransport(
  { config, store, join }: NodeInit,
  own: identity.NodeIdentity,
  runtime: Runtime,
  onStranger: (absent: Contact) => void,
): Promise<Libp2pTransport> {
  const { meta } = store;
  // What was founded here and never came to life binds nobody: an attempt to start that failed.
  const isDeadFoundation = isFounder(meta) && join.length > 0;
  const network = isDeadFoundation ? undefined : meta.get('network');
  try {
    const transport = await createLibp2pTransport({
      ...own,
      role: config.client ? 'client' : 'full',
      ...(network === undefined ? {} : { network: networkOf(identity.networkDescriptor(network)) }),
      listen: config.listen,
      listenChosen: config.listenChosen,
      preferredPort: meta.get('port'),
      announce: config.announce,
      nextAddressSeq: () => identity.nextRecordSequence(meta),
      surplus: (connections) => runtime.surplus(connections),
      events: {
        networkLearned: ({ descriptor }) => meta.setSync({ network: identity.networkMeta(descriptor), founder: false }),
        message: (from, message) => runtime.message(from, message),
        block: (from, header, bytes) => runtime.block(from, header, bytes),
        connected: (peer, rttMs) => runtime.connected(peer, rttMs),
        disconnected: (peer) => runtime.disconnected(peer),
        unreachable: (peer, reason) => {
          runtime.unreachable(peer, reason);
          if (reason === 'identity') onStranger(peer);
        },
        dropped: (to, message) => runtime.dropped(to, message),
        selfChanged: (self) => runtime.selfChanged(self),
      },
    });
    if (config.announce.length === 0) await rememberPort(meta, transport);
    return transport;
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    const exitCode = error.code === 'bad-address' ? exitCodes.usage : exitCodes.error;
    throw new DhtError(exitCode, error.message, { hint: 'Choose another address with --listen.', cause: error });
  }
}

async function rememberPort(meta: Store['meta'], transport: Libp2pTransport): Promise<void> {
  const [port] = transport.multiaddrs().flatMap((address) => portIn(address) ?? []);
  if (port !== undefined) await meta.set({ port });
}
