import {
  type Arc,
  arcBoundary,
  type Contact,
  compareClockwise,
  compareCloseness,
  type Halves,
  type Id,
  inArc,
  type LeafView,
  type NodeStatus,
  type Now,
  type OverlayInput,
  type OverlayOutput,
  type OverlaySizes,
  ringDistance,
} from '@dht/overlay';
import type { OverlayMachine } from '../src/core.ts';

/** One node as another knows it. */
export interface Member {
  readonly contact: Contact;
  readonly status: NodeStatus;
}

type Change = { readonly atMs: number; readonly outputs: () => readonly OverlayOutput[] };

/** An overlay that is told who is in the ring instead of finding out, so that a scenario decides who knows what and when. */
export class TestOverlay implements OverlayMachine {
  status: NodeStatus = 'joining';
  readonly self: Contact;
  readonly avoided = new Set<string>();
  /** Members that this node cannot reach. */
  readonly relayed = new Set<string>();
  failedMs: number | undefined;
  /** Connected nodes that are no members, such as joiners. */
  readonly strangers = new Map<string, Contact>();
  /** Steps of joins that others passed on. */
  readonly joinMail: (OverlayInput & { type: 'joinPassedOn' })[] = [];
  /** Members of the leaf set on each side. */
  private readonly half: number;
  private readonly rtt: (id: Id) => number;
  /** The ring as it really is, for lookups. */
  private readonly truth: () => readonly Contact[];
  private readonly lookupMs: number;
  private readonly members = new Map<string, Member>();
  private changes: Change[] = [];

  constructor(self: Contact, options: { half: number; rtt: (id: Id) => number; truth: () => readonly Contact[]; lookupMs: number }) {
    this.self = self;
    this.half = options.half;
    this.rtt = options.rtt;
    this.truth = options.truth;
    this.lookupMs = options.lookupMs;
  }

  /** To be told at a time: the outputs are made then. */
  at(atMs: number, outputs: () => readonly OverlayOutput[]): void {
    this.changes.push({ atMs, outputs });
    this.changes.sort((a, b) => a.atMs - b.atMs);
  }

  activate(members: readonly Member[], how: 'created' | 'joined' | 'seeded'): readonly OverlayOutput[] {
    this.status = 'active';
    for (const member of members) this.members.set(member.contact.id.hex, member);
    return [{ type: 'event', event: { type: 'activated', how } }];
  }

  learn(member: Member): readonly OverlayOutput[] {
    this.members.set(member.contact.id.hex, member);
    this.avoided.delete(member.contact.id.hex);
    return [{ type: 'event', event: { type: 'leafSetChanged', added: [member.contact], removed: [], failed: [] } }];
  }

  lose(contact: Contact, failed: boolean): readonly OverlayOutput[] {
    const known = this.members.get(contact.id.hex);
    if (known === undefined || known.contact.incarnation > contact.incarnation) return [];
    this.members.delete(contact.id.hex);
    const list = [contact];
    const change = { type: 'leafSetChanged', added: [], removed: list, failed: failed ? list : [] } as const;
    return [{ type: 'event', event: change }];
  }

  step(input: OverlayInput, now: Now): readonly OverlayOutput[] {
    if (input.type === 'lookup') {
      const { ref, key } = input;
      this.at(now.monoMs + this.lookupMs, () => [this.lookUp(ref, key)]);
    }
    if (input.type === 'leave') this.status = 'leaving';
    if (input.type === 'joinPassedOn') this.joinMail.push(input);
    if (input.type !== 'timeout') return [];
    const due = this.changes.filter(({ atMs }) => atMs <= now.monoMs);
    this.changes = this.changes.filter(({ atMs }) => atMs > now.monoMs);
    return due.flatMap(({ outputs }) => outputs());
  }

  nextDeadline(): number {
    return this.changes[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  leafContacts(): Halves<Contact> {
    const { clockwise, counterClockwise } = this.leafSet();
    return { clockwise: clockwise.map(({ contact }) => contact), counterClockwise: counterClockwise.map(({ contact }) => contact) };
  }

  leafSet(): Halves<LeafView> {
    const { clockwise, counterClockwise } = this.sides();
    return {
      clockwise: clockwise.map((member) => this.view(member)),
      counterClockwise: counterClockwise.map((member) => this.view(member)),
    };
  }

  replicaSet(key: Id, rank: number): readonly Contact[] {
    return [...this.active()].sort((a, b) => compareCloseness(key, a.id, b.id)).slice(0, rank);
  }

  coversReplicaSet(key: Id, rank: number): boolean {
    const { clockwise, counterClockwise } = this.sides();
    if (this.members.size <= 2 * this.half) return this.status !== 'joining';
    const from = counterClockwise.at(-1)?.contact.id as Id;
    const to = clockwise.at(-1)?.contact.id as Id;
    const farthest = this.replicaSet(key, rank).at(-1)?.id as Id;
    const reach = ringDistance(key, farthest);
    return inArc(key, from, to) && reach < ringDistance(key, from) && reach < ringDistance(key, to);
  }

  neighbourSet(count: number): readonly Contact[] {
    const { clockwise, counterClockwise } = this.sides();
    const near = [clockwise, counterClockwise].flatMap((side) => side.filter(({ status }) => status === 'active').slice(0, count));
    return [...new Set(near.map(({ contact }) => contact))];
  }

  range(rank: number): Arc | undefined {
    if (this.status !== 'active') return undefined;
    const { id } = this.self;
    const others = this.active().filter((contact) => !contact.id.equals(id));
    if (others.length < rank) return { from: id, to: id };
    const ordered = others.sort((a, b) => compareClockwise(id, a.id, b.id));
    const ahead = ordered[rank - 1]?.id as Id;
    const behind = ordered.at(-rank)?.id as Id;
    return { from: arcBoundary(behind, id), to: arcBoundary(id, ahead) };
  }

  contact(id: Id): Contact | undefined {
    return this.members.get(id.hex)?.contact ?? this.strangers.get(id.hex);
  }

  rttMs(id: Id): number | undefined {
    return this.rtt(id);
  }

  isLeaf(id: Id): boolean {
    const { clockwise, counterClockwise } = this.sides();
    return [...clockwise, ...counterClockwise].some(({ contact }) => contact.id.equals(id));
  }

  sizes(): OverlaySizes {
    const { clockwise, counterClockwise } = this.sides();
    return { clockwise: clockwise.length, counterClockwise: counterClockwise.length, tableContacts: 0, remembered: 0 };
  }

  isRelayed(id: Id): boolean {
    return this.relayed.has(id.hex);
  }

  commonNeighbours(id: Id): readonly Contact[] {
    const others = this.neighbourSet(this.half).filter((contact) => !contact.id.equals(id) && !this.relayed.has(contact.id.hex));
    return this.relayed.has(id.hex) ? others : [];
  }

  pendingTimers(): readonly never[] {
    return [];
  }

  isAvoided(id: Id): boolean {
    return this.avoided.has(id.hex);
  }

  readonly connectionsKept = Number.POSITIVE_INFINITY;

  surplus(): readonly never[] {
    return [];
  }

  lastFailureMs(): number | undefined {
    return this.failedMs;
  }

  isConnected(id: Id): boolean {
    return this.strangers.has(id.hex) || (this.members.has(id.hex) && !this.relayed.has(id.hex));
  }

  routingTable(): readonly [] {
    return [];
  }

  remembered(): readonly Contact[] {
    return [];
  }

  estimatedSize(): number {
    return this.members.size + 1;
  }

  private lookUp(ref: number, key: Id): OverlayOutput {
    const closest = [...this.truth()].sort((a, b) => compareCloseness(key, a.id, b.id)).slice(0, 8);
    const root = closest[0];
    if (root === undefined) return { type: 'lookupDone', ref, result: { outcome: 'timeout' } };
    return { type: 'lookupDone', ref, result: { outcome: 'found', root, replicaSet: closest, path: [], elapsedMs: this.lookupMs } };
  }

  private active(): Contact[] {
    const { clockwise, counterClockwise } = this.sides();
    const known = new Set([...clockwise, ...counterClockwise]);
    const others = [...known].filter(({ status }) => status === 'active').map(({ contact }) => contact);
    return this.status === 'active' ? [this.self, ...others] : others;
  }

  private sides(): { readonly clockwise: readonly Member[]; readonly counterClockwise: readonly Member[] } {
    const ordered = [...this.members.values()].sort((a, b) => compareClockwise(this.self.id, a.contact.id, b.contact.id));
    return { clockwise: ordered.slice(0, this.half), counterClockwise: ordered.toReversed().slice(0, this.half) };
  }

  private view({ contact, status }: Member): LeafView {
    return { contact, status, connected: true, suspected: this.avoided.has(contact.id.hex), rttMs: this.rtt(contact.id) };
  }
}
