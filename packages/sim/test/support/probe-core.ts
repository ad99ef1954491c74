import {
  type Arc,
  type Contact,
  type Halves,
  Id,
  type LeafView,
  type NodeStatus,
  type Now,
  type OpenConnection,
  type OverlaySizes,
  type OverlayView,
} from '@dht/overlay';
import type { CoreInit, CoreInput, CoreOutput, Message } from '@dht/storage';
import type { Host } from '../../src/machine/host.ts';
import type { NodeCore } from '../../src/machine/node-core.ts';
import { World, type WorldOptions } from '../../src/world/world.ts';

/** A core that does what a test tells it to, and keeps what it was told. */
export class ProbeCore implements NodeCore {
  readonly inputs: { readonly now: Now; readonly input: CoreInput }[] = [];
  readonly overlay: ProbeView;
  readonly load: { readonly requests: number; readonly handles: number; readonly diskOperations: number } = {
    requests: 0,
    handles: 0,
    diskOperations: 0,
  };
  readonly repairBytes = 0;
  deadline: number = Number.POSITIVE_INFINITY;
  synced = true;
  /** What the next step answers. */
  outputs: CoreOutput[] = [];
  onStep: ((input: CoreInput, now: Now) => void) | undefined = undefined;

  constructor(init: CoreInit) {
    this.overlay = new ProbeView(init.self);
  }

  step(input: CoreInput, now: Now): readonly CoreOutput[] {
    this.inputs.push({ now: { ...now }, input });
    this.onStep?.(input, now);
    const { outputs } = this;
    this.outputs = [];
    return outputs;
  }

  nextDeadline(): number {
    return this.deadline;
  }

  isSynced(): boolean {
    return this.synced;
  }

  /** The types of what it was told, in order. */
  told(): string[] {
    return this.inputs.map(({ input }) => (input.type === 'message' ? input.message.type : input.type));
  }
}

export class ProbeView implements OverlayView {
  readonly self: Contact;
  status: NodeStatus = 'active';
  clockwise: LeafView[] = [];
  counterClockwise: LeafView[] = [];
  arc: Arc | undefined;
  rememberedContacts: Contact[] = [];
  /** It has the driver close those beyond that were used least recently. */
  connectionsMax = Number.POSITIVE_INFINITY;

  constructor(self: Contact) {
    this.self = self;
  }

  leafSet(): Halves<LeafView> {
    return { clockwise: this.clockwise, counterClockwise: this.counterClockwise };
  }
  leafContacts(): Halves<Contact> {
    const contactOf = ({ contact }: LeafView): Contact => contact;
    return { clockwise: this.clockwise.map(contactOf), counterClockwise: this.counterClockwise.map(contactOf) };
  }
  replicaSet(): readonly Contact[] {
    return [];
  }
  coversReplicaSet(): boolean {
    return true;
  }
  neighbourSet(): readonly Contact[] {
    return [];
  }
  range(): Arc | undefined {
    return this.arc;
  }
  isLeaf(): boolean {
    return false;
  }
  sizes(): OverlaySizes {
    const { clockwise, counterClockwise, rememberedContacts } = this;
    return {
      clockwise: clockwise.length,
      counterClockwise: counterClockwise.length,
      tableContacts: 0,
      remembered: rememberedContacts.length,
    };
  }
  contact(): Contact | undefined {
    return undefined;
  }
  rttMs(): number | undefined {
    return undefined;
  }
  isAvoided(): boolean {
    return false;
  }
  lastFailureMs(): undefined {
    return undefined;
  }
  isConnected(): boolean {
    return false;
  }
  pendingTimers(): readonly never[] {
    return [];
  }
  isRelayed(): boolean {
    return false;
  }
  commonNeighbours(): readonly Contact[] {
    return [];
  }
  routingTable(): readonly { readonly row: number; readonly column: number; readonly contacts: readonly Contact[] }[] {
    return [];
  }
  remembered(): readonly Contact[] {
    return this.rememberedContacts;
  }
  get connectionsKept(): number {
    return this.connectionsMax;
  }
  surplus<T extends OpenConnection>(connections: readonly T[]): readonly T[] {
    return [...connections].sort((a, b) => a.usedMs - b.usedMs).slice(0, Math.max(0, connections.length - this.connectionsMax));
  }
  estimatedSize(): number {
    return 1;
  }
}

/** A world whose hosts run probes. */
export function probeWorld(options: Partial<WorldOptions> = {}): World {
  return new World({ seed: 1, createCore: (init) => new ProbeCore(init), ...options });
}

/** The probe that runs on the host. */
export function probe(host: Host): ProbeCore {
  if (!(host.core instanceof ProbeCore)) throw new Error('no probe runs there');
  return host.core;
}

/** A started host whose id begins with these digits. */
export function startHost(world: World, prefix: string): Host {
  const host = world.addHost('full', idOf(prefix));
  host.start();
  return host;
}

export function idOf(prefix: string): Id {
  return Id.fromHex(prefix.padEnd(64, '0'));
}

export function leafView(contact: Contact): LeafView {
  return { contact, status: 'active', connected: true, suspected: false };
}

/** Has the host's core send the message now. */
export function send(from: Host, to: Host, message: Message): void {
  probe(from).outputs = [{ type: 'send', to: to.contact, message }];
  from.step({ type: 'timeout', lateMs: 0 });
}

export function numbered(nonce: number): Message {
  return { type: 'probe', nonce, status: 'active' };
}
