import type { Admission } from './admission.ts';
import type { Contact } from './contact.ts';
import type { Join } from './join.ts';
import type { Membership } from './membership.ts';
import type { JoinMessage } from './messages.ts';
import type { Peer } from './peers.ts';

/** Leads the steps of joins to the side that they are for, the joiner's or the gatekeeper's, whichever way they came. */
export class JoinSteps {
  readonly #membership: Membership;
  readonly #admission: Admission;
  readonly #join: Join;

  constructor(membership: Membership, admission: Admission, join: Join) {
    this.#membership = membership;
    this.#admission = admission;
    this.#join = join;
  }

  onMessage(peer: Peer, message: JoinMessage): void {
    switch (message.type) {
      case 'joinRequest':
        this.#admission.onRequest(peer, message);
        break;
      case 'joinGrant':
        this.#join.onGrant(peer, message);
        break;
      case 'joinRefused':
        this.#join.onRefused(peer, message);
        break;
      case 'joinCommit':
        this.#admission.onCommit(peer, message);
        break;
      case 'joinCommitted':
        if (!this.#admission.onCommitted(peer, message)) this.#join.onCommitted(peer, message);
        break;
    }
  }

  /** From a node that this one does not reach. Who may speak for whom was looked into by whoever took the mail in. */
  onPassedOn(from: Contact, message: JoinMessage): void {
    const peer = this.#membership.meet(from);
    if (from.incarnation < peer.contact.incarnation) return;
    // A joiner: it is answered the way that its own word came, and no missing connection is held against it.
    if (joinerOf(message)?.id.equals(from.id) === true) peer.relayed = true;
    this.onMessage(peer, message);
  }
}

/** The joiner that the message names by its contact. */
export function joinerOf(message: { readonly type: string }): Contact | undefined {
  return isJoinMessage(message) && 'joiner' in message ? message.joiner : undefined;
}

export function isJoinMessage(message: { readonly type: string }): message is JoinMessage {
  return Object.hasOwn(joinMessageTypes, message.type);
}

const joinMessageTypes: Readonly<Record<JoinMessage['type'], true>> = {
  joinRequest: true,
  joinGrant: true,
  joinRefused: true,
  joinCommit: true,
  joinCommitted: true,
};
