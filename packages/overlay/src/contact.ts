import type { Id } from './id.ts';

/** A `full` node stores and routes; a `client` only asks and is in nobody's leaf set. */
export type Role = 'full' | 'client';

/**
 * What one needs to talk to a node. The core never looks into `address`: it is the libp2p signed peer record, which the driver
 * has verified against the id before the contact reaches the core. `addressSeq` orders the records of one node.
 */
export interface Contact {
  readonly id: Id;
  /** Boot counter: a higher one supersedes the lower at once. */
  readonly incarnation: number;
  readonly role: Role;
  /** Opaque. */
  readonly address: Uint8Array;
  readonly addressSeq: number;
}

/** Whether both say the same of one node. Never compare contacts as objects: a replay has copies of its own. */
export function isSameContact(a: Contact, b: Contact): boolean {
  return a === b || (a.incarnation === b.incarnation && a.addressSeq === b.addressSeq && a.id.equals(b.id));
}

/** Names one life of a node: what suspicions and failed entries speak of. */
export interface NodeLife {
  readonly id: Id;
  readonly incarnation: number;
}

/** Whether `candidate` says something newer about its node than `known`. */
export function supersedes(candidate: Contact, known: Contact): boolean {
  if (candidate.incarnation !== known.incarnation) return candidate.incarnation > known.incarnation;
  return candidate.addressSeq > known.addressSeq;
}
