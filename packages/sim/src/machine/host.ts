import { type Contact, type Id, type NodeStatus, type Now, type OverlayView, type Role, SeededRandom, SparseMap } from '@dht/overlay';
import type { BlockRef, CoreEvent, CoreInit, CoreInput, CoreOutput, Message } from '@dht/storage';
import { HostClock } from '../engine/clock.ts';
import { uniform } from '../engine/distributions.ts';
import { type EventTarget, eventKind, type SimEvent } from '../engine/engine.ts';
import type { Connection } from '../network/connection.ts';
import type { Dial, UnreachableReason } from '../network/dialer.ts';
import { Line } from '../network/line.ts';
import type { BlockInFlight, TransferEnd, Waiting } from '../network/network.ts';
import type { Place } from '../network/topology.ts';
import type { EndOfLife } from '../world/observer.ts';
import type { World } from '../world/world.ts';
import { Commands, type PendingCommand } from './commands.ts';
import type { Disk } from './disk.ts';
import { DiskDriver, type DiskRequest } from './disk-driver.ts';
import { HandleTable } from './handle-table.ts';
import { type Identity, peerRecordOf, renewedRecord } from './identity.ts';
import { Links } from './links.ts';
import type { NodeCore } from './node-core.ts';

const second = 1000;
/** The daemon writes remembered contacts at its leisure; what a crash finds unwritten is forgotten. */
const rememberDelayMs = 1 * second;
/** With fewer of them each new one is written at once, with the neighbours. */
const rememberedEnough = 4;
/** With so many a node finds back whoever else is gone. */
const rememberedMany = 60;
/** To the disk. */
const writeMs = 10;
/** A core that asks for so many timeouts at one instant has stopped making progress. */
const timeoutsPerInstantMax = 1000;
/** What a kernel keeps for a stopped process before the senders have to wait. */
const inboxMax = 20_000;

/** Sees every step of the host that it is set on: what the core was told, when, and what it asked for. */
export type Recorder = (now: Now, input: CoreInput, outputs: readonly CoreOutput[]) => void;

/** One machine: its disk and contact outlive the process that runs on it, the core and the connections do not. */
export class Host implements EventTarget {
  // First what every event looks at: side by side, it is fetched from memory together.
  life = 0;
  readonly index: number;
  private readonly world: World;
  state: 'off' | 'running' | 'paused' = 'off';
  core: NodeCore | undefined = undefined;
  private clock: HostClock;
  /** When the timer events come that are on their way, the earliest last. */
  private timersAt: number[] = [];
  readonly uplink: Line;
  readonly downlink: Line;
  readonly links: Links;
  /** As the last step left it; undefined while no process runs. */
  status: NodeStatus | undefined = undefined;
  recorder: Recorder | undefined = undefined;
  /** The second of virtual time in which it sent last, and how many messages in it so far. */
  sendingSecond = -1;
  sentInSecond = 0;
  readonly place: Place;
  readonly id: Id;
  readonly role: Role;
  readonly dials: SparseMap<string, Dial> = new SparseMap();
  machineAlive = true;
  contact: Contact;
  disk: Disk;
  handles: HandleTable = new HandleTable();
  /** Address records older than this lead nowhere. */
  addressSeqReachable = 1;
  previouslyActive = false;
  private diskDriver: DiskDriver;
  private remembered: readonly Contact[] = [];
  private rememberScheduled = false;
  private timeoutsAtInstant = 0;
  private lastTimeoutAt = -1;
  private inbox: { readonly kind: SimEvent['kind']; readonly subject: unknown; readonly extra: unknown }[] = [];
  private readonly commands: Commands;

  constructor(world: World, index: number, identity: Identity, role: Role, place: Place, disk: Disk) {
    this.world = world;
    this.index = index;
    this.id = identity.id;
    this.role = role;
    this.place = place;
    this.uplink = new Line(place.uplinkBytesPerMs);
    this.downlink = new Line(place.downlinkBytesPerMs);
    this.links = new Links(this);
    this.disk = disk;
    this.contact = { id: this.id, incarnation: 0, role, address: peerRecordOf(identity.publicKey, 1), addressSeq: 1 };
    this.clock = new HostClock(0, 0, 0, 0);
    this.diskDriver = new DiskDriver(world.engine, world.random, world.disk);
    this.commands = new Commands(world);
  }

  get runs(): boolean {
    return this.state === 'running';
  }

  /** Nobody can dial a client (DESIGN §4); it dials. */
  get dialable(): boolean {
    return this.role === 'full';
  }

  /** Computes its side of a connection that another opens. */
  answer(done: () => void): void {
    const { processor } = this.world;
    if (processor === undefined) done();
    else processor.answer(this, done);
  }

  /** Computes what it sends of a block. */
  prepareBlock(bytes: number, done: () => void): void {
    const { processor } = this.world;
    if (processor === undefined) done();
    else processor.sendBlock(this, bytes, done);
  }

  findPeer(contact: Contact): Host | undefined {
    return this.world.findHost(contact.id);
  }

  /** From now on it is to be reached elsewhere. What others know of it leads nowhere. */
  readdress(): void {
    const addressSeq = this.contact.addressSeq + 1;
    this.addressSeqReachable = addressSeq;
    this.contact = { ...this.contact, address: renewedRecord(this.contact.address, addressSeq), addressSeq };
  }

  /** Starts a process on this machine: a new incarnation with an empty memory and the clock of a fresh boot. */
  start(): void {
    const { world } = this;
    const { faults } = world.network;
    this.life++;
    this.state = 'running';
    this.machineAlive = true;
    this.contact = { ...this.contact, incarnation: this.contact.incarnation + 1 };
    this.clock = new HostClock(
      world.engine.now,
      uniform(world.random, 0, 1_000_000),
      uniform(world.random, -faults.clockDriftPpmMax, faults.clockDriftPpmMax),
      uniform(world.random, -faults.wallSkewMsMax, faults.wallSkewMsMax),
    );
    this.handles = new HandleTable();
    this.diskDriver = new DiskDriver(world.engine, world.random, world.disk);
    const seed = world.random.nextUint32();
    const init: CoreInit = {
      self: this.contact,
      config: world.overlayConfigOf(this),
      random: new SeededRandom(seed),
      previouslyActive: this.previouslyActive,
      remembered: this.remembered,
      storage: world.storageConfig,
      storeId: this.disk.storeId,
    };
    this.core = world.createCore(init);
    world.onHostStarted?.(this, init, seed);
    world.observers.notify('onStart', this);
    this.noteStatus();
  }

  /** Ends the process at this instant. */
  end(how: EndOfLife): void {
    if (this.state === 'off') return;
    const { world } = this;
    this.state = 'off';
    this.life++;
    this.machineAlive = how !== 'powerLoss';
    this.core = undefined;
    for (const connection of this.links.values()) world.network.abandon(this, connection, this.machineAlive);
    this.links.clear();
    this.dials.clear();
    this.inbox = [];
    this.timersAt = [];
    this.rememberScheduled = false;
    for (const block of this.diskDriver.tear(this.disk, world.network.faults)) world.observers.notify('onDurable', this, block);
    world.processor?.abandon(this);
    this.commands.lose(this);
    world.observers.notify('onEnd', this, how);
    this.noteStatus();
  }

  /** Stops the process as SIGSTOP does: what arrives waits. */
  pause(): void {
    if (this.state !== 'running') return;
    this.state = 'paused';
    this.world.processor?.stop(this);
  }

  /** Lets a stopped process go on: first it reads what has come in, then it finds its timers late. */
  resume(): void {
    if (this.state !== 'paused') return;
    this.state = 'running';
    this.world.processor?.goOn(this);
    const waited = this.inbox;
    this.inbox = [];
    for (const { kind, subject, extra } of waited) if (this.runs) this.handle(kind, subject, extra);
    this.world.network.acceptParked(this);
    if (this.runs) this.onTimer();
  }

  fire(event: SimEvent): void {
    if (event.bytes > 0 && this.world.network.queuesBefore(this, event)) return;
    if (this.world.processor?.queuesBefore(this, event.kind, event.subject, event.extra) === true) return;
    this.receive(event.kind, event.subject, event.extra);
  }

  /** What has come is there to be read. */
  receive(kind: SimEvent['kind'], subject: unknown, extra: unknown): void {
    if (this.state === 'running') this.handle(kind, subject, extra);
    else if (kind !== eventKind.timer && this.inbox.length < inboxMax) this.inbox.push({ kind, subject, extra });
  }

  /** `rttMs`: as setting it up has shown. */
  connected(connection: Connection, rttMs?: number): void {
    this.links.add(connection);
    this.step({ type: 'peerConnected', peer: connection.peerOf(this), ...(rttMs !== undefined && { rttMs }) });
    this.prune();
  }

  disconnected(connection: Connection): void {
    if (!connection.isOpenAt(this)) return;
    this.world.network.connections.close(connection, this);
    this.links.delete(connection);
    this.step({ type: 'peerDisconnected', id: connection.peerOf(this).id });
  }

  /** Gives the core a command; `make` gets the number that its replies will carry. */
  command(pending: PendingCommand, make: (ref: number) => CoreInput): void {
    this.step(make(this.commands.add(pending)));
  }

  step(input: CoreInput, monoMsMin?: number): void {
    const { core, world } = this;
    if (core === undefined) return;
    // Its ways in are on the disk before the first attempt: it may end before it is a member.
    if (input.type === 'join' && this.remembered.length === 0) this.remembered = input.contacts;
    const { life } = this;
    const now = this.clock.read(world.engine.now, monoMsMin);
    let outputs: readonly CoreOutput[];
    try {
      outputs = core.step(input, now);
    } catch (error) {
      this.recorder?.(now, input, []);
      world.observers.notify('onThrow', this, error);
      this.end('crash');
      return;
    }
    this.recorder?.(now, input, outputs);
    for (const output of outputs) if (this.life === life) this.carryOut(output);
    if (this.life !== life) return;
    if (core.overlay.status !== this.status) this.noteStatus();
    this.arm();
  }

  private handle(kind: SimEvent['kind'], subject: unknown, extra: unknown): void {
    if (kind === eventKind.message) this.onMessage(subject as Message, extra as Connection);
    else if (kind === eventKind.timer) this.onTimer();
    else if (kind === eventKind.block) this.onBlock(subject as BlockInFlight, extra as Connection);
    else if (kind === eventKind.connected) this.world.network.dialed(subject as Dial);
    else if (kind === eventKind.disconnected) this.disconnected(subject as Connection);
    else if (kind === eventKind.unreachable) this.onUnreachable(subject as Dial, extra as UnreachableReason);
    else if (kind === eventKind.dropped) this.drop(subject as Waiting, extra as Contact);
    else if (kind === eventKind.io) this.onIo(subject as DiskRequest | TransferEnd);
  }

  private onMessage(message: Message, connection: Connection): void {
    if (connection.isOpenAt(this)) this.step({ type: 'message', from: connection.peerOf(this), message });
  }

  /** An event that comes no later than the deadline is enough: it finds the deadline where it was moved to, and arms for it. */
  private arm(): void {
    const { core, world } = this;
    if (core === undefined) return;
    const deadline = core.nextDeadline();
    if (deadline === Number.POSITIVE_INFINITY) return;
    const at = Math.max(this.clock.virtual(deadline), world.engine.now);
    const { timersAt } = this;
    if (timersAt.length > 0 && (timersAt[timersAt.length - 1] as number) <= at) return;
    timersAt.push(at);
    world.engine.schedule(at, eventKind.timer, this);
  }

  private onTimer(): void {
    const { timersAt, world } = this;
    const before = timersAt.length;
    while (timersAt.length > 0 && (timersAt[timersAt.length - 1] as number) <= world.engine.now) timersAt.pop();
    if (timersAt.length < before) this.fireTimer();
  }

  private fireTimer(): void {
    const { core, world } = this;
    if (core === undefined) return;
    const { now } = world.engine;
    const deadline = core.nextDeadline();
    const due = this.clock.virtual(deadline);
    if (due > now) {
      this.arm();
      return;
    }
    this.timeoutsAtInstant = now === this.lastTimeoutAt ? this.timeoutsAtInstant + 1 : 0;
    this.lastTimeoutAt = now;
    if (this.timeoutsAtInstant > timeoutsPerInstantMax) {
      world.observers.notify('onThrow', this, new Error('the core asks for timeouts without end at one instant'));
      this.end('crash');
      return;
    }
    this.step({ type: 'timeout', lateMs: now - due }, deadline);
  }

  private onBlock({ header, corrupt }: BlockInFlight, connection: Connection): void {
    if (!connection.isOpenAt(this)) return;
    const from = connection.peerOf(this);
    if (corrupt) this.step({ type: 'blockCorrupt', from, header });
    else this.step({ type: 'blockArrived', from, header, handle: this.handles.take(header.block.size, this.world.engine.now) });
  }

  private onUnreachable(dial: Dial, reason: UnreachableReason): void {
    if (dial.done) return;
    dial.done = true;
    const { id, incarnation } = dial.to;
    if (this.dials.get(id.hex) === dial) this.dials.delete(id.hex);
    this.step({ type: 'peerUnreachable', id, incarnation, reason });
    for (const waiting of dial.waiting) this.drop(waiting, dial.to);
  }

  private drop(waiting: Waiting, to: Contact): void {
    if ('message' in waiting) this.step({ type: 'sendDropped', to: to.id, message: waiting.message });
    else this.step({ type: 'transferDone', to: to.id, header: waiting.header, outcome: 'failed' });
  }

  private onIo(subject: DiskRequest | TransferEnd): void {
    if ('connection' in subject) {
      const outcome = subject.connection?.isOpenAt(this) === true ? 'sent' : 'failed';
      this.step({ type: 'transferDone', to: subject.to.id, header: subject.header, outcome });
      return;
    }
    const { world } = this;
    const input = this.diskDriver.finish(this.disk, this.handles, subject, world.network.faults);
    if (input.type === 'writeDone' && input.outcome === 'durable' && subject.type === 'write')
      world.observers.notify('onDurable', this, subject.block);
    if (input.type === 'readDone' && input.outcome === 'corrupt' && subject.type === 'read')
      world.observers.notify('onSpoiled', this, subject.key);
    if (subject.type === 'delete') world.observers.notify('onDeleted', this, subject.key);
    this.step(input);
  }

  private carryOut(output: CoreOutput): void {
    const { network, observers } = this.world;
    switch (output.type) {
      case 'send':
        network.send(this, output.to, output.message);
        break;
      case 'connect':
        network.connect(this, output.to);
        break;
      case 'transfer':
        this.checkHandle(output.handle, output.header.block, 'transfer');
        network.transfer(this, output.to, output.header, output.handle);
        break;
      case 'write':
        this.checkHandle(output.handle, output.block, 'write');
        this.diskDriver.request(this, this.disk, output);
        break;
      case 'read':
      case 'has':
      case 'list':
      case 'delete':
        this.diskDriver.request(this, this.disk, output);
        break;
      case 'release':
        if (!this.handles.release(output.handle)) observers.notify('onBadHandle', this, 'released a handle that is not open');
        break;
      case 'event':
        this.onEvent(output.event);
        break;
      default:
        this.commands.reply(this, output);
    }
  }

  private checkHandle(handle: number, block: BlockRef, use: string): void {
    if (this.handles.size(handle) !== block.size) this.world.observers.notify('onBadHandle', this, `${use} of a handle that is not open`);
  }

  private onEvent(event: CoreEvent): void {
    this.world.observers.notify('onEvent', this, event);
    if (event.type === 'activated') this.rememberActivation();
    if (event.type === 'rememberedChanged' || (event.type === 'leafSetChanged' && !this.remembersEnough)) this.rememberLater();
  }

  /** In one write: a node that knows it was active but nobody to rejoin through would found a ring of its own. */
  private rememberActivation(): void {
    this.previouslyActive = true;
    this.remember();
  }

  private rememberLater(): void {
    if (this.rememberScheduled) return;
    this.rememberScheduled = true;
    const { life } = this;
    this.world.engine.after(this.remembersEnough ? rememberDelayMs : writeMs, () => {
      if (this.life !== life) return;
      this.rememberScheduled = false;
      this.remember();
    });
  }

  /** A node that sees nobody now still knows whom it saw. */
  private remember(): void {
    const remembered = this.core === undefined ? [] : this.worthRemembering(this.core.overlay);
    if (remembered.length > 0) this.remembered = remembered;
  }

  private get remembersEnough(): boolean {
    return this.remembered.length >= rememberedEnough;
  }

  private worthRemembering(overlay: OverlayView): readonly Contact[] {
    const remembered = overlay.remembered();
    // The daemon adds its neighbours to these too. They would be as many again for each of thousands of hosts, and help little.
    if (remembered.length >= rememberedMany) return remembered;
    const { clockwise, counterClockwise } = overlay.leafContacts();
    return [...new Set([...clockwise, ...counterClockwise, ...remembered])];
  }

  private noteStatus(): void {
    const status = this.core?.overlay.status;
    if (status === this.status) return;
    this.status = status;
    this.world.membership.changed(this);
  }

  private prune(): void {
    const { core, links, world } = this;
    if (core === undefined || links.size <= core.overlay.connectionsKept) return;
    const { connections } = world.network;
    const open = links.values().map((connection) => {
      return { id: connection.peerOf(this).id, usedMs: connections.usedMs(connection, this), connection };
    });
    for (const { connection } of core.overlay.surplus(open, world.engine.now)) world.network.close(this, connection);
  }
}
