import { validateOverlayConfig } from './config.ts';
import type { Contact } from './contact.ts';
import type { Context, OverlayInit } from './context.ts';
import type { PendingTimer } from './deadlines.ts';
import type { Id } from './id.ts';
import type { Now, OverlayInput, OverlayOutput } from './io.ts';
import type { OpenConnection } from './least-worth.ts';
import type { NodeStatus } from './messages.ts';
import type { Peer } from './peers.ts';
import { Protocol } from './protocol.ts';
import type { Arc } from './ring.ts';
import type { Halves, LeafView, OverlaySizes, OverlayView } from './view.ts';

/**
 * The overlay of one node: a state machine without clock, socket or timer. The driver hands in what happened together with the
 * time, carries out what comes back in its order, and calls again when `nextDeadline` has come.
 */
export class Overlay implements OverlayView {
  readonly #protocol: Protocol;
  readonly #context: Context;

  constructor(init: OverlayInit) {
    validateOverlayConfig(init.config);
    this.#protocol = new Protocol(init);
    this.#context = this.#protocol.context;
  }

  /** Takes one input. The outputs are to be carried out in their order. */
  step(input: OverlayInput, now: Now): readonly OverlayOutput[] {
    this.#context.now = now;
    this.#protocol.take(input);
    return this.#context.takeOutputs();
  }

  /** Monotone milliseconds at which `timeout` is due; Infinity when nothing is awaited. */
  nextDeadline(): number {
    return this.#context.deadlines.next();
  }

  get self(): Contact {
    return this.#context.self;
  }

  get status(): NodeStatus {
    return this.#context.status;
  }

  leafSet(): Halves<LeafView> {
    const { clockwise, counterClockwise } = this.#context.leafSet;
    return { clockwise: clockwise.map(leafView), counterClockwise: counterClockwise.map(leafView) };
  }

  leafContacts(): Halves<Contact> {
    const { clockwise, counterClockwise } = this.#context.leafSet;
    return { clockwise: clockwise.map(contactOf), counterClockwise: counterClockwise.map(contactOf) };
  }

  replicaSet(key: Id, rank: number): readonly Contact[] {
    return this.#context.leafSet.replicaSet(key, rank);
  }

  coversReplicaSet(key: Id, rank: number): boolean {
    const { leafSet, isOnRing } = this.#context;
    if (!isOnRing || (leafSet.overlaps && this.#protocol.membership.isFilling)) return false;
    return leafSet.coversReplicaSet(key, rank);
  }

  neighbourSet(count: number): readonly Contact[] {
    return this.#context.leafSet.activeNeighbours(count).map((peer) => peer.contact);
  }

  range(rank: number): Arc | undefined {
    return this.#context.leafSet.range(rank);
  }

  isLeaf(id: Id): boolean {
    return this.#context.peers.get(id)?.isLeaf ?? false;
  }

  contact(id: Id): Contact | undefined {
    return this.#context.isSelf(id) ? this.self : this.#context.peers.get(id)?.contact;
  }

  rttMs(id: Id): number | undefined {
    return this.#context.peers.get(id)?.rttMs;
  }

  isAvoided(id: Id): boolean {
    const peer = this.#context.peers.get(id);
    return peer !== undefined && (peer.suspected || this.#context.isFailed(peer.contact));
  }

  lastFailureMs(): number | undefined {
    return this.#context.failed.latestMs(this.#context.now.monoMs);
  }

  isConnected(id: Id): boolean {
    return this.#context.peers.get(id)?.connected ?? false;
  }

  isRelayed(id: Id): boolean {
    const peer = this.#context.peers.get(id);
    return peer?.isLeaf === true && peer.relayed;
  }

  commonNeighbours(id: Id): readonly Contact[] {
    const peer = this.#context.peers.get(id);
    return peer?.isLeaf === true ? this.#context.commonNeighbours(peer, 1).map(({ contact }) => contact) : [];
  }

  get connectionsKept(): number {
    return this.#protocol.connections.kept;
  }

  surplus<T extends OpenConnection>(connections: readonly T[], nowMs: number): readonly T[] {
    return this.#protocol.connections.surplus(connections, nowMs);
  }

  routingTable(): readonly { readonly row: number; readonly column: number; readonly contacts: readonly Contact[] }[] {
    return this.#context.table.cells().map(({ row, column, peers }) => ({ row, column, contacts: peers.map((peer) => peer.contact) }));
  }

  remembered(): readonly Contact[] {
    return this.#protocol.remembered.contacts();
  }

  pendingTimers(): readonly PendingTimer[] {
    return this.#context.deadlines.pending();
  }

  sizes(): OverlaySizes {
    const { leafSet, table } = this.#context;
    return {
      clockwise: leafSet.clockwise.length,
      counterClockwise: leafSet.counterClockwise.length,
      tableContacts: table.size,
      remembered: this.#protocol.remembered.size,
    };
  }

  estimatedSize(): number {
    return this.#context.leafSet.estimatedSize();
  }
}

function contactOf({ contact }: Peer): Contact {
  return contact;
}

function leafView(peer: Peer): LeafView {
  const { contact, status = 'joining', connected, suspected } = peer;
  return peer.rttMeanMs < 0 ? { contact, status, connected, suspected } : { contact, status, connected, suspected, rttMs: peer.rttMeanMs };
}
