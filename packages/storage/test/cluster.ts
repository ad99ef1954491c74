import { type Contact, compareCloseness, defaultOverlayConfig, Id, SeededRandom } from '@dht/overlay';
import { expect } from 'vitest';
import {
  type BlockRef,
  Core,
  type CoreCommand,
  type CoreEvent,
  type CoreInput,
  type CoreOutput,
  defaultStorageConfig,
  type GetResult,
  type Handle,
  type HandOverResult,
  type Message,
  type PutResult,
  type StorageConfig,
  type TransferHeader,
  type WhereResult,
} from '../src/index.ts';
import { MemoryDisk } from './memory-disk.ts';
import { type Member, TestOverlay } from './test-overlay.ts';

/** A command that was given, and what has been answered so far. */
export interface Asked<T> {
  readonly results: T[];
  readonly atMs: number[];
}

export interface ClusterOptions {
  readonly seed?: number;
  readonly storage?: Partial<StorageConfig>;
  /** Members of the leaf set on each side. */
  readonly half?: number;
  /** Between a change of the ring and the others' hearing of it. */
  readonly newsMs?: number;
  /** One way. */
  readonly latencyMs?: number;
}

/** Bytes per millisecond between any two nodes: 100 MB/s. */
const bandwidth = 100_000;

/** A process, its disk, and the driver between them and the network. */
export class Host {
  readonly name: string;
  readonly id: Id;
  disk: MemoryDisk;
  incarnation = 0;
  isAlive = false;
  core!: Core;
  overlay!: TestOverlay;
  readonly events: CoreEvent[] = [];
  readonly sent: Message[] = [];
  readonly transferred: TransferHeader[] = [];
  readonly handles = new Set<Handle>();

  constructor(name: string, id: Id, disk: MemoryDisk) {
    this.name = name;
    this.id = id;
    this.disk = disk;
  }

  get contact(): Contact {
    return { id: this.id, incarnation: this.incarnation, role: 'full', address: new Uint8Array(), addressSeq: 0 };
  }

  holds(block: BlockRef): boolean {
    return this.disk.has(block.key);
  }

  /** Whether this node says of a miss on the block that it is a vote. */
  isSyncedFor(block: BlockRef): boolean {
    const { synced } = this.core.responsibility;
    if (synced === undefined) return false;
    const { from, to } = synced;
    const size = (a: Id, b: Id): bigint => BigInt.asUintN(256, b.toBigInt() - a.toBigInt());
    return from.equals(to) || (size(from, block.key) > 0n && size(from, block.key) <= size(from, to));
  }
}

/** Several cores on virtual time with disks in memory. What is sent, written and read takes time; the order is decided by the seed. */
export class Cluster {
  readonly hosts: Host[] = [];
  nowMs = 0;
  /** Return true to lose a message. */
  dropMessage: (from: Host, to: Host, message: Message) => boolean = () => false;
  /** Return true to lose a transfer's bytes without a word. */
  dropTransfer: (from: Host, to: Host, header: TransferHeader) => boolean = () => false;
  /** Called before an output is carried out: where scenarios let something happen at an exact point. */
  onOutput: (host: Host, output: CoreOutput) => void = () => {};
  private readonly options: Required<Omit<ClusterOptions, 'storage'>>;
  readonly storage: StorageConfig;
  private readonly random: SeededRandom;
  private tasks: { readonly atMs: number; readonly order: number; readonly run: () => void }[] = [];
  private order = 0;
  private refs = 0;
  private handles = 0;
  private blocks = 0;
  private readonly asked = new Map<number, Asked<unknown>>();

  constructor(options: ClusterOptions = {}) {
    this.options = { seed: 1, half: 16, newsMs: 50, latencyMs: 5, ...options };
    this.storage = { ...defaultStorageConfig, ...options.storage };
    this.random = new SeededRandom(this.options.seed);
  }

  /** A ring of `count` nodes at even distances, all active and synced, which know each other. */
  static settled(count: number, options: ClusterOptions = {}): Cluster {
    const cluster = new Cluster(options);
    for (let i = 0; i < count; i++) cluster.start(cluster.add(i / count), 'created');
    cluster.run(2_000);
    return cluster;
  }

  /** A host at a place of the ring between 0 and 1, not started. */
  add(place: number): Host {
    const name = `n${this.hosts.length}`;
    const top = Math.floor(place * 2 ** 32) >>> 0;
    const id = Id.fromHex(top.toString(16).padStart(8, '0').padEnd(64, '5'));
    expect(
      this.hosts.some((host) => host.id.equals(id)),
      'each node has a place of its own',
    ).toBe(false);
    const host = new Host(name, id, new MemoryDisk(`disk-${name}`));
    this.hosts.push(host);
    return host;
  }

  /** A process starts on the host's disk and is active at once; the others hear of it a little later. */
  start(host: Host, how: 'created' | 'joined' | 'seeded' = 'joined'): void {
    host.incarnation++;
    host.isAlive = true;
    host.handles.clear();
    const truth = (): readonly Contact[] => this.alive.map(({ contact }) => contact);
    const rtt = (): number => 2 * this.options.latencyMs;
    host.overlay = new TestOverlay(host.contact, { half: this.options.half, rtt, truth, lookupMs: 4 * this.options.latencyMs });
    const random = new SeededRandom(this.options.seed, host.incarnation * 1000 + this.hosts.indexOf(host));
    const { storage } = this;
    const init = { self: host.contact, config: defaultOverlayConfig, random, previouslyActive: false, remembered: [] };
    host.core = new Core({ ...init, storage, storeId: host.disk.storeId }, host.overlay);
    const others = this.alive.filter((other) => other !== host);
    const members = others.map((other): Member => ({ contact: other.contact, status: other.overlay.status }));
    host.overlay.at(this.nowMs, () => host.overlay.activate(members, how));
    this.step(host, { type: 'timeout', lateMs: 0 });
    const news: Member = { contact: host.contact, status: 'active' };
    for (const other of others) this.tell(other, () => other.overlay.learn(news));
  }

  /** The process is gone, connections break, and after `detectionMs` the others have it failed. */
  crash(host: Host, detectionMs: number = 1_000): void {
    const gone = host.contact;
    host.isAlive = false;
    for (const other of this.alive) {
      this.after(this.options.latencyMs, () => this.step(other, { type: 'peerDisconnected', id: host.id }));
      this.tell(other, () => other.overlay.lose(gone, true), detectionMs);
    }
  }

  /** As `crash`, but the other end of the connection hears nothing, as when power or a cable is cut. */
  cutOff(host: Host, detectionMs: number): void {
    const gone = host.contact;
    host.isAlive = false;
    for (const other of this.alive) this.tell(other, () => other.overlay.lose(gone, true), detectionMs);
  }

  /** The host gets an empty disk. */
  replaceDisk(host: Host): void {
    host.disk = new MemoryDisk(`${host.disk.storeId}'`);
  }

  /** Two hosts that cannot reach each other from now on, and know it; others reach both. */
  cut(a: Host, b: Host): void {
    a.overlay.relayed.add(b.id.hex);
    b.overlay.relayed.add(a.id.hex);
    const isCut = (from: Host, to: Host): boolean => from.overlay.relayed.has(to.id.hex);
    this.dropMessage = isCut;
    this.dropTransfer = isCut;
  }

  get alive(): readonly Host[] {
    return this.hosts.filter(({ isAlive }) => isAlive);
  }

  /** A new block whose key is random, or at a place of the ring. */
  block(size: number, place: number = this.random.next()): BlockRef {
    const top = Math.floor(place * 2 ** 32) >>> 0;
    const key = Id.fromHex(top.toString(16).padStart(8, '0') + (++this.blocks).toString(16).padStart(56, '0'));
    return { key, multihash: key.toBytes(), size };
  }

  /** Live hosts, closest to the block's key first. */
  closest(block: BlockRef): readonly Host[] {
    return [...this.alive].sort((a, b) => compareCloseness(block.key, a.id, b.id));
  }

  holders(block: BlockRef): readonly Host[] {
    return this.alive.filter((host) => host.holds(block));
  }

  put(host: Host, block: BlockRef, timeoutMs: number = 30_000): Asked<PutResult> {
    return this.command(host, (ref) => ({ type: 'put', ref, block, handle: this.newHandle(host), timeoutMs }));
  }

  get(host: Host, { key, multihash }: BlockRef, timeoutMs: number = 30_000): Asked<GetResult> {
    return this.command(host, (ref) => ({ type: 'get', ref, key, multihash, timeoutMs }));
  }

  where(host: Host, { key }: BlockRef): Asked<WhereResult> {
    return this.command(host, (ref) => ({ type: 'where', ref, key, timeoutMs: 5_000 }));
  }

  /** The host goes when everything is handed over. */
  handOver(host: Host, timeoutMs: number = 60_000): Asked<HandOverResult> {
    for (const other of this.alive) {
      if (other !== host) this.tell(other, () => other.overlay.learn({ contact: host.contact, status: 'leaving' }));
    }
    return this.command(host, (ref) => ({ type: 'handOver', ref, timeoutMs }));
  }

  /** Stores a block through the first host and waits until all copies are made. */
  stored(size: number, place?: number): BlockRef {
    const block = this.block(size, place);
    const put = this.put(this.alive[0] as Host, block);
    this.runUntil(() => put.results.at(-1)?.settled === true);
    expect(put.results.at(-1)?.outcome).toBe('stored');
    return block;
  }

  after(delayMs: number, run: () => void): void {
    this.tasks.push({ atMs: this.nowMs + delayMs, order: this.order++, run });
  }

  run(ms: number): void {
    const end = this.nowMs + ms;
    while (this.advance(end));
    this.nowMs = end;
  }

  /** Fails when it takes longer than `limitMs`. */
  runUntil(isReached: () => boolean, limitMs: number = 60_000): void {
    const end = this.nowMs + limitMs;
    while (!isReached()) if (!this.advance(end)) throw new Error(`not reached within ${limitMs} ms of virtual time`);
  }

  /** Every handle that a core was given has been released, and nothing is left waiting. */
  expectNothingLeft(): void {
    // Periodic repair may be at work just now, but not for ever.
    const isIdle = ({ core, handles }: Host): boolean => handles.size + core.load.requests + core.load.diskOperations === 0;
    this.runUntil(() => this.alive.every(isIdle), 10_000);
    for (const host of this.alive) {
      expect([...host.handles], `handles of ${host.name}`).toEqual([]);
      expect(host.core.load, host.name).toEqual({ requests: 0, handles: 0, diskOperations: 0 });
    }
  }

  step(host: Host, input: CoreInput): void {
    if (!host.isAlive) return;
    const { incarnation } = host;
    for (const output of host.core.step(input, { monoMs: this.nowMs, wallMs: this.nowMs })) {
      this.onOutput(host, output);
      if (!host.isAlive || host.incarnation !== incarnation) return;
      this.carryOut(host, output);
    }
  }

  private command<T>(host: Host, make: (ref: number) => CoreCommand): Asked<T> {
    const asked: Asked<T> = { results: [], atMs: [] };
    const ref = this.refs++;
    this.asked.set(ref, asked as Asked<unknown>);
    this.step(host, make(ref));
    return asked;
  }

  private tell(host: Host, change: Parameters<TestOverlay['at']>[1], delayMs: number = this.options.newsMs): void {
    host.overlay.at(this.nowMs + delayMs, change);
  }

  /** The next thing that happens before `end`; false when there is none. */
  private advance(end: number): boolean {
    const task = this.tasks.reduce<(typeof this.tasks)[number] | undefined>((first, next) => {
      if (first === undefined) return next;
      return next.atMs < first.atMs || (next.atMs === first.atMs && next.order < first.order) ? next : first;
    }, undefined);
    const timer = this.alive.reduce<Host | undefined>((first, next) => {
      return first === undefined || next.core.nextDeadline() < first.core.nextDeadline() ? next : first;
    }, undefined);
    const timerMs = timer?.core.nextDeadline() ?? Number.POSITIVE_INFINITY;
    const taskMs = task?.atMs ?? Number.POSITIVE_INFINITY;
    if (Math.min(timerMs, taskMs) > end) return false;
    this.nowMs = Math.max(this.nowMs, Math.min(timerMs, taskMs));
    // Readable input comes before timers, as in the daemon.
    if (task !== undefined && taskMs <= timerMs) {
      this.tasks.splice(this.tasks.indexOf(task), 1);
      task.run();
    } else if (timer !== undefined) this.step(timer, { type: 'timeout', lateMs: 0 });
    return true;
  }

  private carryOut(host: Host, output: CoreOutput): void {
    switch (output.type) {
      case 'send':
        host.sent.push(output.message);
        this.deliver(host, output.to, output.message);
        break;
      case 'transfer':
        host.transferred.push(output.header);
        this.transfer(host, output.to, output.header, output.handle);
        break;
      case 'release':
        expect(host.handles.delete(output.handle), `${host.name} releases a handle it was given, once`).toBe(true);
        break;
      case 'write':
      case 'read':
      case 'has':
      case 'list':
      case 'delete':
        this.useDisk(host, output);
        break;
      case 'putDone':
      case 'whereDone':
      case 'handOverDone':
        this.answer(output.ref, output.result);
        if (output.type === 'handOverDone' && output.result.outcome !== 'no-room') this.left(host);
        break;
      case 'getDone':
        if (output.result.outcome === 'found') {
          expect(host.handles.delete(output.result.handle), `${host.name} hands on a handle it was given, once`).toBe(true);
        }
        this.answer(output.ref, output.result);
        break;
      case 'event':
        host.events.push(output.event);
        break;
      case 'lookupDone':
        throw new Error('no scenario looks up by itself');
    }
  }

  private left(host: Host): void {
    host.isAlive = false;
    for (const other of this.alive) this.tell(other, () => other.overlay.lose(host.contact, false));
  }

  private answer(ref: number, result: unknown): void {
    const asked = this.asked.get(ref);
    asked?.results.push(result);
    asked?.atMs.push(this.nowMs);
  }

  private newHandle(host: Host): Handle {
    const handle = ++this.handles;
    host.handles.add(handle);
    return handle;
  }

  private host(id: Id): Host {
    return this.hosts.find((host) => host.id.equals(id)) as Host;
  }

  private latency(): number {
    return this.options.latencyMs * (0.8 + 0.4 * this.random.next());
  }

  private deliver(from: Host, { id, incarnation }: Contact, message: Message): void {
    const to = this.host(id);
    const sender = from.contact;
    if (this.dropMessage(from, to, message)) return;
    this.after(this.latency(), () => {
      if (to.isAlive && to.incarnation >= incarnation) this.step(to, { type: 'message', from: sender, message });
      else this.after(this.latency(), () => this.step(from, { type: 'sendDropped', to: id, message }));
    });
  }

  private transfer(from: Host, { id }: Contact, header: TransferHeader, handle: Handle): void {
    expect(from.handles.has(handle), `${from.name} sends bytes that it still holds`).toBe(true);
    const to = this.host(id);
    const sender = from.contact;
    const isSpoiled = header.purpose === 'get' && from.disk.spoiled.has(header.block.key.hex);
    const isLost = this.dropTransfer(from, to, header);
    const { incarnation } = from;
    this.after(this.latency() + header.block.size / bandwidth, () => {
      const isSent = isLost || to.isAlive;
      if (from.incarnation === incarnation) this.step(from, { type: 'transferDone', to: id, header, outcome: isSent ? 'sent' : 'failed' });
      if (isLost || !to.isAlive) return;
      if (isSpoiled) this.step(to, { type: 'blockCorrupt', from: sender, header });
      else this.step(to, { type: 'blockArrived', from: sender, header, handle: this.newHandle(to) });
    });
  }

  private useDisk(host: Host, output: Extract<CoreOutput, { type: 'write' | 'read' | 'has' | 'list' | 'delete' }>): void {
    const { disk, incarnation } = host;
    if (output.type === 'write') expect(host.handles.has(output.handle), `${host.name} writes bytes that it still holds`).toBe(true);
    const delayMs = output.type === 'write' || output.type === 'delete' ? disk.writeMs : disk.readMs;
    this.after(delayMs, () => {
      if (!host.isAlive || host.incarnation !== incarnation) return;
      this.step(host, this.diskAnswer(host, disk, output));
    });
  }

  private diskAnswer(
    host: Host,
    disk: MemoryDisk,
    output: Extract<CoreOutput, { type: 'write' | 'read' | 'has' | 'list' | 'delete' }>,
  ): CoreInput {
    const { ref } = output;
    switch (output.type) {
      case 'write':
        return { type: 'writeDone', ref, outcome: disk.write(output.block) };
      case 'read': {
        const block = disk.blocks.get(output.key.hex);
        if (block === undefined) return { type: 'readDone', ref, outcome: 'absent' };
        if (disk.spoiled.has(output.key.hex) && disk.checksReads) return { type: 'readDone', ref, outcome: 'corrupt' };
        return { type: 'readDone', ref, outcome: 'read', handle: this.newHandle(host), size: block.size };
      }
      case 'has':
        return { type: 'hasDone', ref, sizes: output.keys.map((key) => disk.blocks.get(key.hex)?.size ?? -1) };
      case 'list':
        return { type: 'listDone', ref, ...disk.list(output.arc, output.after, output.limit) };
      case 'delete':
        disk.delete(output.key);
        return { type: 'deleteDone', ref, outcome: 'durable' };
    }
  }
}
