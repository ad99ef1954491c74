import { type Contact, Deadlines, type Id, type Now, type OverlayInput, type OverlayView, type Random } from '@dht/overlay';
import type { StorageConfig } from './config.ts';
import { Disk } from './disk.ts';
import { Handles } from './handles.ts';
import type { CoreEvent, CoreOutput } from './io.ts';
import type { Mail, PutResultMessage } from './messages.ts';
import { Relays } from './relays.ts';
import { Requests } from './requests.ts';
import type { StorageDeadline, StorageTimer } from './timer.ts';
import { Transfers } from './transfers.ts';

/** What this node's storage has done since its start. */
export interface StorageCounters {
  /** Bytes fetched for repair plus bytes given to others for repair: summed over all nodes each copy counts once. */
  repairBytes: number;
  fetchedBlocks: number;
  pushedBlocks: number;
  deletedBlocks: number;
  servedBlocks: number;
  corruptBlocks: number;
  lookups: number;
  hedges: number;
}

export interface ContextInit {
  readonly config: StorageConfig;
  readonly overlay: OverlayView;
  readonly random: Random;
  readonly storeId: string;
  readonly previouslyActive: boolean;
}

/** What the parts of storage share: the time of the step, the way out, and the books on what is under way. */
export class Context {
  now: Now = { monoMs: 0, wallMs: 0 };
  readonly config: StorageConfig;
  readonly overlay: OverlayView;
  readonly random: Random;
  readonly storeId: string;
  /** This node was a member in an earlier life. */
  readonly previouslyActive: boolean;
  readonly deadlines: Deadlines<StorageTimer> = new Deadlines();
  readonly handles: Handles;
  readonly disk: Disk;
  readonly transfers: Transfers;
  readonly requests: Requests;
  readonly relays: Relays;
  readonly counters: StorageCounters;
  /** Puts and gets of this node's user that are under way: repair steps back for them. */
  foreground = 0;
  /** Grows with every change of the leaf set. */
  leafSetVersion = 0;
  private outputs: CoreOutput[] = [];
  private overlayInputs: OverlayInput[] = [];

  constructor(init: ContextInit) {
    this.config = init.config;
    this.overlay = init.overlay;
    this.random = init.random;
    this.storeId = init.storeId;
    this.previouslyActive = init.previouslyActive;
    const emit = (output: CoreOutput): void => this.emit(output);
    this.handles = new Handles((handle) => emit({ type: 'release', handle }));
    this.disk = new Disk(this.handles, emit);
    this.transfers = new Transfers(this.handles, emit);
    this.requests = new Requests(init.overlay.self.id, init.overlay.self.incarnation);
    this.relays = new Relays(this);
    this.counters = {
      repairBytes: 0,
      fetchedBlocks: 0,
      pushedBlocks: 0,
      deletedBlocks: 0,
      servedBlocks: 0,
      corruptBlocks: 0,
      lookups: 0,
      hedges: 0,
    };
  }

  get self(): Contact {
    return this.overlay.self;
  }

  isSelf(id: Id): boolean {
    return id.equals(this.overlay.self.id);
  }

  emit(output: CoreOutput): void {
    this.outputs.push(output);
  }

  /** To a node that only others reach through one of them. */
  send(to: Contact, message: Mail | PutResultMessage): void {
    if (message.type !== 'putResult') {
      const via = this.relays.wayTo(to.id);
      if (via !== undefined) {
        this.relays.send(via, to, message);
        return;
      }
    }
    this.outputs.push({ type: 'send', to, message });
  }

  event(event: CoreEvent): void {
    this.outputs.push({ type: 'event', event });
  }

  /** The overlay is told after the input at hand has been dealt with, never in the middle of it. */
  tellOverlay(input: OverlayInput): void {
    this.overlayInputs.push(input);
  }

  takeOutputs(): readonly CoreOutput[] {
    const { outputs } = this;
    this.outputs = [];
    return outputs;
  }

  takeOverlayInput(): OverlayInput | undefined {
    return this.overlayInputs.shift();
  }

  after(delayMs: number, timer: StorageTimer): StorageDeadline {
    return this.deadlines.set(timer, this.now.monoMs + delayMs);
  }

  /** Nothing happens when it has fired or was cancelled before. */
  cancel(deadline: StorageDeadline | undefined): void {
    if (deadline !== undefined) this.deadlines.cancel(deadline);
  }

  /** `ms` ± a fifth, so that nodes that began together do not stay in step. */
  jittered(ms: number): number {
    return ms * (0.8 + 0.4 * this.random.next());
  }

  /** Whether this node is among the r closest to `key` and knows it. */
  isMember(key: Id): boolean {
    const { overlay, config } = this;
    if (overlay.status !== 'active' || !overlay.coversReplicaSet(key, config.replicas)) return false;
    return overlay.replicaSet(key, config.replicas).some((contact) => this.isSelf(contact.id));
  }
}
