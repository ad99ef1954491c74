import type { Contact, Id } from '@dht/overlay';
import type { Host } from '../machine/host.ts';

/** One end of a connection. The other end is its twin, and each may learn later than the other that the connection is gone. */
export class Link {
  readonly owner: Host;
  /** The host at the other end. */
  readonly peerHost: Host;
  /** What the peer's Hello proved. */
  readonly peer: Contact;
  open = true;
  /** The twin, set once both ends exist. */
  twin: Link = this;
  /** When the last message to this end arrives: connections keep their order. */
  lastArrivalMs = 0;
  /** When this end last sent or received. */
  usedMs = 0;
  /** A message went into the void, and the end of the connection is due unless it can be reached again. */
  breaking = false;

  constructor(owner: Host, peerHost: Host, peer: Contact) {
    this.owner = owner;
    this.peerHost = peerHost;
    this.peer = peer;
  }

  get id(): Id {
    return this.peer.id;
  }
}

/** Makes both ends of a new connection. */
export function connect(a: Host, b: Host, now: number): Link {
  const toB = new Link(a, b, b.contact);
  const toA = new Link(b, a, a.contact);
  toB.twin = toA;
  toA.twin = toB;
  toB.usedMs = now;
  toA.usedMs = now;
  return toB;
}
