import {
  type Contact,
  defaultOverlayConfig,
  Id,
  Overlay,
  type OverlayConfig,
  type OverlayInput,
  type OverlayMessage,
  type OverlayOutput,
} from '../src/index.ts';

/** A seeded generator (mulberry32, Tommy Ettinger): short, fast and good enough for tests. */
export function seeded(seed: number): { next(): number } {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}

export function randomId(random: { next(): number }): Id {
  let hex = '';
  while (hex.length < 64)
    hex += Math.floor(random.next() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return Id.fromHex(hex);
}

/** Of the node whose id is these digits and zeros, in its first life. */
export function contact(top: string): Contact {
  return { id: Id.fromHex(top.padEnd(64, '0')), incarnation: 1, role: 'full', address: new Uint8Array(0), addressSeq: 1 };
}

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

type EventOf<K> = Extract<OverlayOutput, { type: 'event' }>['event'] & { type: K };
export type LookupDone = Extract<OverlayOutput, { type: 'lookupDone' }>;

/** One process: an overlay, the contacts that its disk keeps, and what a driver would do for it. */
export class TestNode {
  readonly network: Network;
  overlay: Overlay;
  contact: Contact;
  state: 'running' | 'paused' | 'crashed' = 'running';
  readonly connections: Set<TestNode> = new Set();
  readonly waiting: OverlayInput[] = [];
  readonly events: { readonly atMs: number; readonly event: EventOf<string> }[] = [];
  readonly lookups: Map<number, LookupDone> = new Map();
  stored: readonly Contact[] = [];
  wasActive = false;
  sent = 0;
  wakeAtMs: number = Number.POSITIVE_INFINITY;

  constructor(network: Network, contact: Contact) {
    this.network = network;
    this.contact = contact;
    this.overlay = this.#boot();
  }

  /** The process starts again on the same disk. */
  restart(): void {
    this.contact = { ...this.contact, incarnation: this.contact.incarnation + 1, addressSeq: this.contact.addressSeq + 1 };
    this.state = 'running';
    this.waiting.length = 0;
    this.overlay = this.#boot();
  }

  eventsOf<K extends EventOf<string>['type']>(type: K): readonly EventOf<K>[] {
    return this.events.filter(({ event }) => event.type === type).map(({ event }) => event as EventOf<K>);
  }

  get isActive(): boolean {
    return this.state === 'running' && this.overlay.status === 'active';
  }

  get hex(): string {
    return this.contact.id.hex;
  }

  #boot(): Overlay {
    return new Overlay({
      self: this.contact,
      config: this.network.config,
      random: seeded(Math.floor(this.network.random.next() * 2 ** 32)),
      previouslyActive: this.wasActive,
      remembered: this.stored,
    });
  }
}

export interface NetworkOptions {
  readonly seed: number;
  readonly latencyMsMin?: number;
  readonly latencyMsMax?: number;
  /** One way between two nodes, instead of a random time for each message; a dial then takes five of them. */
  readonly wayMs?: (from: TestNode, to: TestNode) => number;
  readonly config?: Partial<OverlayConfig>;
}

const dialTimeoutMs = 5000;

/** Several overlays on virtual time with seeded latency. Everything that happens is an event in one ordered list. */
export class Network {
  readonly config: OverlayConfig;
  readonly random: { next(): number };
  readonly nodes: TestNode[] = [];
  nowMs = 0;
  steps = 0;
  /** Whether a message is lost on the way. */
  loses: (from: TestNode, to: TestNode, message: OverlayMessage) => boolean = () => false;
  /** Whether two nodes have no way to reach each other. */
  isCut: (from: TestNode, to: TestNode) => boolean = () => false;
  readonly #latencyMsMin: number;
  readonly #latencyMsMax: number;
  readonly #wayMs: NetworkOptions['wayMs'];
  readonly #byHex: Map<string, TestNode> = new Map();
  readonly #events: Event[] = [];
  readonly #lastArrival: Map<string, number> = new Map();
  readonly #dialling: Map<string, OverlayMessage[]> = new Map();
  #order = 0;

  constructor(options: NetworkOptions) {
    this.random = seeded(options.seed);
    this.config = { ...defaultOverlayConfig, ...options.config };
    this.#latencyMsMin = options.latencyMsMin ?? 5;
    this.#latencyMsMax = options.latencyMsMax ?? 25;
    this.#wayMs = options.wayMs;
  }

  get active(): readonly TestNode[] {
    return this.nodes.filter((node) => node.isActive);
  }

  addNode(options: { id?: Id; role?: Contact['role'] } = {}): TestNode {
    const contact: Contact = {
      id: options.id ?? randomId(this.random),
      incarnation: 1,
      role: options.role ?? 'full',
      address: new Uint8Array(0),
      addressSeq: 1,
    };
    const node = new TestNode(this, contact);
    this.nodes.push(node);
    this.#byHex.set(node.hex, node);
    return node;
  }

  /** A ring of `count` nodes that joined one after the other through random members. */
  grow(count: number, spacingMs = 20): void {
    const first = this.addNode();
    this.step(first, { type: 'create' });
    for (let i = 1; i < count; i++) {
      const node = this.addNode();
      const via = this.nodes[Math.floor(this.random.next() * i)]!;
      this.step(node, { type: 'join', contacts: [via.contact] });
      this.run(spacingMs);
    }
  }

  step(node: TestNode, input: OverlayInput): void {
    if (node.state === 'crashed') return;
    if (node.state === 'paused') {
      node.waiting.push(input);
      return;
    }
    this.steps++;
    const outputs = node.overlay.step(input, { monoMs: this.nowMs, wallMs: this.nowMs });
    for (const output of outputs) this.#carryOut(node, output);
    this.#wake(node);
  }

  lookup(node: TestNode, ref: number, key: Id, mode: 'recursive' | 'iterative' = 'recursive'): void {
    this.step(node, { type: 'lookup', ref, key, mode, timeoutMs: 10_000 });
  }

  /** The process ends; `loudly` the peers see their connections close, otherwise the machine just falls silent. */
  crash(node: TestNode, loudly = true): void {
    node.stored = node.overlay.remembered();
    node.wasActive ||= node.overlay.status !== 'joining';
    node.state = 'crashed';
    for (const peer of node.connections) {
      peer.connections.delete(node);
      if (loudly) this.#schedule(this.#latency(), () => this.step(peer, { type: 'peerDisconnected', id: node.contact.id }));
    }
    node.connections.clear();
  }

  restart(node: TestNode, contacts: readonly Contact[] = []): void {
    node.restart();
    this.step(node, { type: 'join', contacts });
  }

  pause(node: TestNode): void {
    node.state = 'paused';
  }

  resume(node: TestNode): void {
    node.state = 'running';
    const lateMs = Math.max(0, this.nowMs - node.overlay.nextDeadline());
    for (const input of node.waiting.splice(0)) this.step(node, input);
    this.step(node, { type: 'timeout', lateMs });
  }

  run(forMs: number): void {
    const untilMs = this.nowMs + forMs;
    for (;;) {
      const next = this.#events[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#pop();
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = untilMs;
  }

  /** Runs until the condition holds; whether it did within `limitMs`. */
  runUntil(condition: () => boolean, limitMs: number, everyMs = 100): boolean {
    const untilMs = this.nowMs + limitMs;
    while (!condition()) {
      if (this.nowMs >= untilMs) return false;
      this.run(everyMs);
    }
    return true;
  }

  #carryOut(node: TestNode, output: OverlayOutput): void {
    if (output.type === 'send') this.#send(node, output.to, output.message);
    else if (output.type === 'connect') this.#connect(node, output.to);
    else if (output.type === 'lookupDone') node.lookups.set(output.ref, output);
    else node.events.push({ atMs: this.nowMs, event: output.event as EventOf<string> });
  }

  #send(from: TestNode, to: Contact, message: OverlayMessage): void {
    from.sent++;
    const target = this.#byHex.get(to.id.hex);
    if (target !== undefined && from.connections.has(target)) this.#deliver(from, target, message);
    else this.#dial(from, to, target, message);
  }

  #connect(from: TestNode, to: Contact): void {
    const target = this.#byHex.get(to.id.hex);
    if (target === undefined || !from.connections.has(target)) this.#dial(from, to, target);
  }

  #dial(from: TestNode, to: Contact, target: TestNode | undefined, ...messages: readonly OverlayMessage[]): void {
    const key = `${from.hex}>${to.id.hex}`;
    const queue = this.#dialling.get(key);
    if (queue !== undefined) {
      queue.push(...messages);
      return;
    }
    this.#dialling.set(key, [...messages]);
    // A stopped process completes no handshake, though its kernel takes the connection.
    const isCut = target !== undefined && (target.state === 'paused' || this.isCut(from, target));
    this.#schedule(isCut ? dialTimeoutMs : this.#dialMs(from, target), () => this.#dialled(from, to, target, key, isCut));
  }

  #dialled(from: TestNode, to: Contact, target: TestNode | undefined, key: string, isCut: boolean): void {
    const queue = this.#dialling.get(key) ?? [];
    this.#dialling.delete(key);
    if (from.state === 'crashed') return;
    if (target === undefined || target.state === 'crashed' || isCut) {
      const reason = isCut ? 'timeout' : 'refused';
      this.step(from, { type: 'peerUnreachable', id: to.id, incarnation: to.incarnation, reason });
      for (const message of queue) this.step(from, { type: 'sendDropped', to: to.id, message });
      return;
    }
    if (!from.connections.has(target)) {
      from.connections.add(target);
      target.connections.add(from);
      const rtt = this.#wayMs && { rttMs: 2 * this.#wayMs(from, target) };
      this.step(from, { type: 'peerConnected', peer: target.contact, ...rtt });
      this.step(target, { type: 'peerConnected', peer: from.contact, ...rtt });
    }
    for (const message of queue) this.#deliver(from, target, message);
  }

  #deliver(from: TestNode, to: TestNode, message: OverlayMessage): void {
    if (this.isCut(from, to) || this.loses(from, to, message)) return;
    const contact = from.contact;
    const key = `${from.hex}>${to.hex}`;
    // Messages between two nodes stay in order, as on one stream.
    const latencyMs = this.#wayMs?.(from, to) ?? this.#latency();
    const arrivalMs = Math.max(this.nowMs + latencyMs, this.#lastArrival.get(key) ?? 0);
    this.#lastArrival.set(key, arrivalMs);
    const toIncarnation = to.contact.incarnation;
    this.#schedule(arrivalMs - this.nowMs, () => {
      if (to.contact.incarnation === toIncarnation) this.step(to, { type: 'message', from: contact, message });
    });
  }

  #dialMs(from: TestNode, to: TestNode | undefined): number {
    return this.#wayMs === undefined || to === undefined ? 2 * this.#latency() : 5 * this.#wayMs(from, to);
  }

  #latency(): number {
    return this.#latencyMsMin + this.random.next() * (this.#latencyMsMax - this.#latencyMsMin);
  }

  #wake(node: TestNode): void {
    const deadline = node.overlay.nextDeadline();
    if (deadline === Number.POSITIVE_INFINITY || (node.wakeAtMs <= deadline && node.wakeAtMs > this.nowMs)) return;
    node.wakeAtMs = deadline;
    const overlay = node.overlay;
    this.#schedule(Math.max(0, deadline - this.nowMs), () => {
      if (node.wakeAtMs === deadline) node.wakeAtMs = Number.POSITIVE_INFINITY;
      if (node.state !== 'running' || node.overlay !== overlay) return;
      if (overlay.nextDeadline() <= this.nowMs) this.step(node, { type: 'timeout', lateMs: 0 });
      else this.#wake(node);
    });
  }

  #schedule(inMs: number, run: () => void): void {
    const event: Event = { atMs: this.nowMs + inMs, order: this.#order++, run };
    const heap = this.#events;
    let place = heap.length;
    heap.push(event);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = event;
  }

  #pop(): void {
    const heap = this.#events;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
