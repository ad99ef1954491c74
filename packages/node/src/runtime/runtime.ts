import {
  assert,
  type Contact,
  type Id,
  type LookupMode,
  type LookupResult,
  type Now,
  type OpenConnection,
  type OverlayView,
} from '@dht/overlay';
import type { BlockRef, CoreEvent, CoreInput, CoreOutput, HandOverResult, Message, TransferHeader, WhereResult } from '@dht/storage';
import type { BlockStore } from '../store/block-store.ts';
import type { Transport, TransportEvents } from '../transport/transport.ts';
import { ByteBudget } from './byte-budget.ts';
import { type CommandDone, Commands, type PutAnswer } from './commands.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import { DiskWorker } from './disk-worker.ts';
import { HandleTable } from './handle-table.ts';
import { HeapGrowth } from './heap-growth.ts';
import { isBlockIntact } from './verify-block.ts';

/** What the runtime drives: the `Core` of storage. */
export interface DrivenCore {
  readonly overlay: OverlayView;
  step(input: CoreInput, now: Now): readonly CoreOutput[];
  /** In monotonic milliseconds; Infinity when there is none. */
  nextDeadline(): number;
}

export interface RuntimeInit {
  readonly store: BlockStore;
  readonly onEvent: (event: CoreEvent) => void;
  /** A failure of the disk; the core has been told. */
  readonly onDiskError: (error: unknown) => void;
  /** Every step, before its outputs are carried out. */
  readonly record?: ((now: Now, input: CoreInput, outputs: readonly CoreOutput[]) => void) | undefined;
  /** A broken invariant in the core: this node cannot go on. */
  readonly onFatal: (error: unknown) => void;
}

export interface CommandOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface BlockPut extends PutAnswer {
  /** Resolves when the bytes are no longer in memory on behalf of this put. */
  readonly released: Promise<void>;
}

export type BlockAnswer =
  | { readonly outcome: 'found'; readonly bytes: Uint8Array /** Absent: from this node's disk. */; readonly from?: Contact }
  | { readonly outcome: 'not-found' | 'unavailable' | 'timeout' | 'not-active' | 'cancelled' };

/** Steps in one go before other work gets its turn. */
const stepsPerTurnMax = 10_000;
/** Blocks that have arrived and are not yet on disk or with whoever asked for them. */
const arrivedBytesMax = 64 * 1024 * 1024;
/** How long arrived blocks are hashed in one go: messages come before them. */
const bulkSliceMs = 4;

/**
 * Drives the core: network, disk, timer and commands become inputs; outputs are carried out in their order. What answers at
 * once (the index of the disk) is an input of the same turn. Control messages are stepped as they come; blocks, which must be
 * hashed first, wait in a queue of their own.
 */
export class Runtime implements TransportEvents {
  readonly handles: HandleTable = new HandleTable(() => this.heapGrowth.onBlock());
  private readonly heapGrowth = new HeapGrowth();
  private readonly init: RuntimeInit;
  private readonly disk: DiskWorker;
  private readonly commands = new Commands((ref) => this.input({ type: 'cancel', ref }));
  private readonly timer = new DeadlineTimer(() => this.onDeadline());
  private readonly inbox: CoreInput[] = [];
  private readonly arrived: { readonly from: Contact; readonly header: TransferHeader; readonly bytes: Uint8Array }[] = [];
  private readonly arrivalBudget = new ByteBudget(arrivedBytesMax);
  private bulkScheduled = false;
  private draining = false;
  private stopped = false;
  private core: DrivenCore | undefined;
  private transport: Transport | undefined;

  constructor(init: RuntimeInit) {
    this.init = init;
    const answer = (done: CoreInput): void => this.input(done);
    this.disk = new DiskWorker(init.store, this.handles, answer, init.onDiskError);
  }

  get overlay(): OverlayView {
    return this.running().overlay;
  }

  /** Of the open connections those to close; none before the core runs. */
  surplus<T extends OpenConnection>(connections: readonly T[]): readonly T[] {
    return this.core?.overlay.surplus(connections, performance.now()) ?? [];
  }

  /** From here on the core is stepped; what arrived before was kept. */
  start(core: DrivenCore, transport: Transport): void {
    this.core = core;
    this.transport = transport;
    this.drain();
  }

  /** No step after this one. Commands that are still open are answered with `cancelled`. */
  stop(): void {
    this.stopped = true;
    this.commands.cancelAll();
    this.timer.stop();
    this.heapGrowth.stop();
    this.arrived.length = 0;
    this.inbox.length = 0;
  }

  put(block: BlockRef, bytes: Uint8Array, options: CommandOptions): BlockPut {
    const released = Promise.withResolvers<void>();
    const handle = this.handles.take(bytes, released.resolve);
    const start = (ref: number): void => this.input({ type: 'put', ref, block, handle, timeoutMs: options.timeoutMs });
    return { ...this.commands.put(start, options.signal), released: released.promise };
  }

  async get(key: Id, multihash: Uint8Array, options: CommandOptions): Promise<BlockAnswer> {
    const start = (ref: number): void => this.input({ type: 'get', ref, key, multihash, timeoutMs: options.timeoutMs });
    const result = await this.commands.get(start, options.signal);
    if (result.outcome !== 'found') return result;
    const bytes = this.handles.release(result.handle);
    return { outcome: 'found', bytes, ...(result.from === undefined ? {} : { from: result.from }) };
  }

  where(key: Id, options: CommandOptions): Promise<WhereResult> {
    return this.commands.where((ref) => this.input({ type: 'where', ref, key, timeoutMs: options.timeoutMs }), options.signal);
  }

  lookup(key: Id, mode: LookupMode, options: CommandOptions): Promise<LookupResult> {
    return this.commands.lookup((ref) => this.input({ type: 'lookup', ref, key, mode, timeoutMs: options.timeoutMs }), options.signal);
  }

  handOver(options: CommandOptions): Promise<HandOverResult> {
    return this.commands.handOver((ref) => this.input({ type: 'handOver', ref, timeoutMs: options.timeoutMs }), options.signal);
  }

  create(): void {
    this.input({ type: 'create' });
  }

  join(contacts: readonly Contact[]): void {
    this.input({ type: 'join', contacts });
  }

  message(from: Contact, message: Message): void {
    this.input({ type: 'message', from, message });
  }

  /** Resolves when there is room for the block: until then its sender is held up. */
  async block(from: Contact, header: TransferHeader, bytes: Uint8Array): Promise<void> {
    await this.arrivalBudget.take(bytes.length);
    this.arrived.push({ from, header, bytes });
    this.scheduleBulk();
  }

  connected(peer: Contact, rttMs: number): void {
    this.input({ type: 'peerConnected', peer, rttMs });
  }

  disconnected({ id }: Contact): void {
    this.input({ type: 'peerDisconnected', id });
  }

  unreachable({ id, incarnation }: Contact, reason: 'refused' | 'timeout' | 'identity' | 'rejected'): void {
    this.input({ type: 'peerUnreachable', id, incarnation, reason });
  }

  dropped({ id: to }: Contact, message: Message): void {
    this.input({ type: 'sendDropped', to, message });
  }

  selfChanged(self: Contact): void {
    this.input({ type: 'selfChanged', self });
  }

  private input(input: CoreInput): void {
    if (this.stopped) return;
    this.inbox.push(input);
    if (this.core !== undefined && !this.draining) this.drain();
  }

  private drain(): void {
    this.draining = true;
    try {
      for (let steps = 0; this.inbox.length > 0 && !this.stopped; steps++) {
        if (steps === stepsPerTurnMax) {
          setImmediate(() => this.drain());
          return;
        }
        // Inputs of one turn are few; shifting an array that short costs nothing.
        const input = this.inbox.shift();
        if (input !== undefined) this.step(input);
      }
      this.draining = false;
      if (!this.stopped) this.timer.set(this.running().nextDeadline(), performance.now());
    } catch (error) {
      this.stop();
      this.init.onFatal(error);
    }
  }

  private step(input: CoreInput): void {
    const now: Now = { monoMs: performance.now(), wallMs: Date.now() };
    const outputs = this.running().step(input, now);
    this.init.record?.(now, input, outputs);
    for (const output of outputs) this.carryOut(output);
  }

  private carryOut(output: CoreOutput): void {
    switch (output.type) {
      case 'send':
        this.transport?.send(output.to, output.message);
        break;
      case 'connect':
        this.transport?.reach(output.to);
        break;
      case 'transfer':
        this.transfer(output);
        break;
      case 'write':
      case 'read':
      case 'has':
      case 'list':
      case 'delete':
        this.disk.request(output);
        break;
      case 'release':
        this.handles.release(output.handle);
        break;
      case 'putDone':
      case 'getDone':
      case 'whereDone':
      case 'lookupDone':
      case 'handOverDone':
        this.answer(output);
        break;
      case 'event':
        this.init.onEvent(output.event);
        break;
    }
  }

  private transfer({ to, header, handle }: Extract<CoreOutput, { type: 'transfer' }>): void {
    this.transport?.transfer(to, header, this.handles.get(handle), (outcome) =>
      this.input({ type: 'transferDone', to: to.id, header, outcome }),
    );
  }

  private answer(done: CommandDone): void {
    const awaited = this.commands.answer(done);
    if (!awaited && done.type === 'getDone' && done.result.outcome === 'found') this.handles.release(done.result.handle);
  }

  private onDeadline(): void {
    if (this.stopped) return;
    const deadlineMs = this.running().nextDeadline();
    const lateMs = performance.now() - deadlineMs;
    if (lateMs >= 0) this.input({ type: 'timeout', lateMs });
    else this.timer.set(deadlineMs, performance.now());
  }

  private scheduleBulk(): void {
    if (this.bulkScheduled || this.arrived.length === 0 || this.stopped) return;
    this.bulkScheduled = true;
    setImmediate(() => {
      this.bulkScheduled = false;
      const endMs = performance.now() + bulkSliceMs;
      do this.takeArrived();
      while (this.arrived.length > 0 && performance.now() < endMs);
      this.scheduleBulk();
    });
  }

  private takeArrived(): void {
    const next = this.arrived.shift();
    if (next === undefined) return;
    const { from, header, bytes } = next;
    const released = (): void => this.arrivalBudget.give(bytes.length);
    if (isBlockIntact(header.block, bytes)) {
      this.input({ type: 'blockArrived', from, header, handle: this.handles.take(bytes, released) });
    } else {
      released();
      this.input({ type: 'blockCorrupt', from, header });
    }
  }

  private running(): DrivenCore {
    assert(this.core !== undefined, 'the runtime has been started');
    return this.core;
  }
}
