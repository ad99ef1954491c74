import { defaultOverlayConfig, type Id, type OverlayConfig, type Role, SeededRandom } from '@dht/overlay';
import { type CoreInit, defaultStorageConfig, type StorageConfig } from '@dht/storage';
import { chance, randomBytes } from '../engine/distributions.ts';
import { Engine } from '../engine/engine.ts';
import { Processor, type ProcessorOptions } from '../engine/processor.ts';
import { type FaultOptions, noFaults, validateFaults } from '../injection/faults.ts';
import { Disk, type DiskOptions, defaultDisk } from '../machine/disk.ts';
import { Host } from '../machine/host.ts';
import { identityOf, randomIdentity } from '../machine/identity.ts';
import { type CoreFactory, realCore } from '../machine/node-core.ts';
import { defaultNetwork, Network, type NetworkOptions } from '../network/network.ts';
import { placeHost, type TopologyOptions, topologies, validateTopology } from '../network/topology.ts';
import { Calm } from './calm.ts';
import { Membership } from './membership.ts';
import { Observers } from './observer.ts';

/** What a run is made from. Two runs with equal options are the same run. */
export interface WorldOptions {
  readonly seed: number;
  readonly overlay?: Partial<OverlayConfig>;
  /** On top of that for the host of this number: each node of a network chooses its preset for itself. */
  readonly overlayOf?: (index: number) => Partial<OverlayConfig>;
  readonly storage?: Partial<StorageConfig>;
  readonly topology?: TopologyOptions;
  readonly network?: Partial<NetworkOptions>;
  readonly disk?: Partial<DiskOptions>;
  readonly faults?: Partial<FaultOptions>;
  readonly createCore?: CoreFactory;
  /** All hosts run on one machine and share its processor. By default each has one of its own, and computing takes no time. */
  readonly processor?: ProcessorOptions;
}

/** Streams of one seed: what one part draws never shifts what another one gets. */
const stream = { world: 1, network: 2, script: 3, churn: 4, workload: 5 } as const;

/** Everything that exists in a run: time, hosts, network, and those who watch. */
export class World {
  readonly engine: Engine = new Engine();
  readonly observers: Observers = new Observers();
  readonly membership: Membership = new Membership(this.engine);
  readonly calm: Calm = new Calm(this.engine);
  readonly seed: number;
  readonly network: Network;
  readonly overlayConfig: OverlayConfig;
  readonly storageConfig: StorageConfig;
  readonly disk: DiskOptions;
  readonly createCore: CoreFactory;
  readonly processor: Processor | undefined;
  /** Draws what belongs to hosts: ids, places, disks, clocks, the seeds of their cores. */
  readonly random: SeededRandom;
  readonly hosts: Host[] = [];
  /** Called with what each new core was made from, for the header of a journal. */
  onHostStarted: ((host: Host, init: CoreInit, seed: number) => void) | undefined = undefined;
  private readonly overlayOf: WorldOptions['overlayOf'];
  private readonly byId = new Map<string, Host>();

  constructor(options: WorldOptions) {
    const faults = { ...noFaults, ...options.faults };
    validateFaults(faults);
    this.seed = options.seed;
    this.random = this.stream('world');
    this.overlayConfig = { ...defaultOverlayConfig, ...options.overlay };
    this.overlayOf = options.overlayOf;
    this.storageConfig = { ...defaultStorageConfig, ...options.storage };
    this.disk = { ...defaultDisk, ...options.disk };
    this.createCore = options.createCore ?? realCore;
    this.processor =
      options.processor && new Processor(this.engine, options.processor, (host) => this.observers.notify('onCongestion', host));
    const network = { ...defaultNetwork, topology: options.topology ?? topologies.internet, ...options.network };
    validateTopology(network.topology);
    this.observers.add({ onCongestion: () => this.calm.divide() });
    this.network = new Network(this.engine, this.stream('network'), this.observers, network, faults);
  }

  get now(): number {
    return this.engine.now;
  }

  /** A generator of its own for one part of the run. */
  stream(name: keyof typeof stream): SeededRandom {
    return new SeededRandom(this.seed, stream[name]);
  }

  /** A new machine, with nothing running on it. */
  addHost(role: Role, id?: Id): Host {
    const identity = id === undefined ? randomIdentity(this.random) : identityOf(id);
    const host = new Host(this, this.hosts.length, identity, role, placeHost(this.random, this.network.options.topology), this.newDisk());
    this.hosts.push(host);
    this.byId.set(host.id.hex, host);
    return host;
  }

  /** What the core of this host is configured with. */
  overlayConfigOf(host: Host): OverlayConfig {
    return this.overlayOf === undefined ? this.overlayConfig : { ...this.overlayConfig, ...this.overlayOf(host.index) };
  }

  newDisk(): Disk {
    const { faults } = this.network;
    const slowness = chance(this.random, faults.slowDiskRate) ? faults.slowDiskFactor : 1;
    const storeId = Buffer.from(randomBytes(this.random, 16)).toString('hex');
    return new Disk(storeId, slowness, this.disk.capacityBytes);
  }

  findHost(id: Id): Host | undefined {
    return this.byId.get(id.hex);
  }

  /** Lets `ms` milliseconds of virtual time pass. */
  runFor(ms: number): void {
    this.engine.runUntil(this.engine.now + ms);
  }

  /** Lets time pass until `condition` holds, looking every `everyMs`; false when it did not within `withinMs`. */
  runUntil(condition: () => boolean, withinMs: number, everyMs: number = 1000): boolean {
    const end = this.engine.now + withinMs;
    while (!condition()) {
      if (this.engine.now >= end) return false;
      this.engine.runUntil(Math.min(end, this.engine.now + everyMs));
    }
    return true;
  }
}
