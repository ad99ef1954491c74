import type { Arc, Contact } from '@dht/overlay';
import {
  isJoinMessage,
  type Now,
  Overlay,
  type OverlayInit,
  type OverlayInput,
  type OverlayMessage,
  type OverlayOutput,
  type OverlayView,
  type PendingTimer,
  type Timer,
} from '@dht/overlay';
import type { StorageConfig } from './config.ts';
import type { StorageCounters } from './context.ts';
import type { CoreInput, CoreOutput } from './io.ts';
import type { Message, StorageMessage } from './messages.ts';
import { Storage } from './storage.ts';
import type { SyncState } from './sync-states.ts';
import type { StorageTimer } from './timer.ts';

export interface CoreInit extends OverlayInit {
  readonly storage: StorageConfig;
  /** 16 bytes, hexadecimal: the disk that this core writes to. */
  readonly storeId: string;
}

/** The overlay as the core drives it. */
export interface OverlayMachine extends OverlayView {
  step(input: OverlayInput, now: Now): readonly OverlayOutput[];
  nextDeadline(): number;
}

/**
 * One node: overlay and storage as one state machine without clock, socket, disk or timer. The driver hands in what happened
 * together with the time, carries out what comes back in its order, and calls again when `nextDeadline` has come.
 */
export class Core {
  readonly overlay: OverlayView;
  private readonly machine: OverlayMachine;
  private readonly storage: Storage;
  /** Silence of this length is what it takes to be declared failed. */
  private readonly stallMs: number;

  /** `machine` takes the place of the overlay in tests of storage. */
  constructor(init: CoreInit, machine: OverlayMachine = new Overlay(init)) {
    this.machine = machine;
    this.overlay = machine;
    const { storage: config, random, storeId, previouslyActive } = init;
    this.storage = new Storage({ config, overlay: machine, random, storeId, previouslyActive });
    this.stallMs = init.config.rtoMsMin * init.config.probeTries;
  }

  /** Takes one input. The outputs are to be carried out in their order; the array is the caller's. */
  step(input: CoreInput, now: Now): readonly CoreOutput[] {
    const { ctx } = this.storage;
    ctx.now = now;
    this.take(input);
    for (let next = ctx.takeOverlayInput(); next !== undefined; next = ctx.takeOverlayInput()) this.stepOverlay(next);
    return ctx.takeOutputs();
  }

  /** Monotone milliseconds at which `timeout` is due; Infinity when nothing is awaited. */
  nextDeadline(): number {
    return Math.min(this.machine.nextDeadline(), this.storage.nextDeadline());
  }

  /** What this node waits for, the earliest first. */
  pendingTimers(): readonly PendingTimer<Timer | StorageTimer>[] {
    const all: PendingTimer<Timer | StorageTimer>[] = [...this.overlay.pendingTimers(), ...this.storage.ctx.deadlines.pending()];
    return all.sort((a, b) => a.atMs - b.atMs);
  }

  /** The keys that this node is among the r closest to, and the part of them for which it holds everything acknowledged. */
  get responsibility(): { readonly arc?: Arc; readonly synced?: Arc } {
    const { arc, synced } = this.storage.own;
    return { ...(arc === undefined ? {} : { arc }), ...(synced === undefined ? {} : { synced }) };
  }

  /** What a neighbour within ±2r last said about itself. */
  syncStateOf(neighbour: Contact): SyncState | undefined {
    return this.storage.syncStates.get(neighbour);
  }

  get counters(): Readonly<StorageCounters> {
    return this.storage.ctx.counters;
  }

  /** What is under way: all of it is bounded, and none of it is left on a node that has come to rest. */
  get load(): { readonly requests: number; readonly handles: number; readonly diskOperations: number } {
    const { requests, handles, disk } = this.storage.ctx;
    return { requests: requests.size, handles: handles.size, diskOperations: disk.size };
  }

  private take(input: CoreInput): void {
    switch (input.type) {
      case 'message':
        this.onMessage(input.from, input.message);
        break;
      case 'sendDropped':
        this.onSendDropped(input);
        break;
      case 'timeout':
        this.onTimeout(input);
        break;
      case 'peerConnected':
        this.stepOverlay(input);
        this.storage.onPeerConnected(input.peer.id);
        break;
      case 'peerDisconnected':
        this.stepOverlay(input);
        this.storage.onPeerGone(input.id);
        break;
      case 'peerUnreachable':
        this.stepOverlay(input);
        this.storage.onPeerUnreachable(input.id);
        break;
      case 'cancel':
        if (!this.storage.cancel(input.ref)) this.stepOverlay(input);
        break;
      case 'create':
      case 'join':
      case 'establish':
      case 'leave':
      case 'selfChanged':
        this.stepOverlay(input);
        break;
      case 'lookup':
        // Who asks for a replica set wants its r members; storage's own lookups also fill its cache of arcs.
        this.stepOverlay({ rank: this.storage.ctx.config.replicas, ...input });
        break;
      case 'put':
      case 'get':
      case 'where':
      case 'handOver':
        this.storage.onCommand(input);
        break;
      default:
        this.storage.onInput(input);
        break;
    }
  }

  private onMessage(from: Contact, message: Message): void {
    if (isStorageMessage(message)) this.storage.onMessage(from, message);
    else this.stepOverlay({ type: 'message', from, message });
  }

  private onSendDropped({ to, message }: Extract<CoreInput, { readonly type: 'sendDropped' }>): void {
    if (isStorageMessage(message)) this.storage.onSendDropped(to, message);
    else this.stepOverlay({ type: 'sendDropped', to, message });
  }

  private onTimeout(input: Extract<CoreInput, { readonly type: 'timeout' }>): void {
    const { monoMs } = this.storage.ctx.now;
    if (this.machine.nextDeadline() <= monoMs || input.lateMs > 0) this.stepOverlay(input);
    if (input.lateMs >= this.stallMs) this.storage.onStall();
    this.storage.fireDue();
  }

  private stepOverlay(input: OverlayInput): void {
    const { ctx } = this.storage;
    for (const output of this.machine.step(input, ctx.now)) {
      if (output.type === 'event') {
        ctx.event(output.event);
        this.storage.onOverlayEvent(output.event);
      } else if (output.type === 'send' && isJoinMessage(output.message)) ctx.send(output.to, output.message);
      else if (output.type !== 'lookupDone' || !this.storage.onLookupDone(output.ref, output.result)) ctx.emit(output);
    }
  }
}

const storageMessageTypes: Readonly<Record<StorageMessage['type'], true>> = {
  offer: true,
  offerReply: true,
  stored: true,
  putResult: true,
  get: true,
  getMiss: true,
  have: true,
  haveReply: true,
  keys: true,
  keysReply: true,
  syncState: true,
  relay: true,
  relayed: true,
};

function isStorageMessage(message: StorageMessage | OverlayMessage): message is StorageMessage {
  return Object.hasOwn(storageMessageTypes, message.type);
}
