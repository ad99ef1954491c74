import type { Contact } from '@dht/overlay';
import type { Mail, Message } from '@dht/storage';

const none: readonly Contact[] = [];

/** Every contact in a message: each must be verified before the message may reach the core. */
export function contactsOf(message: Message): readonly Contact[] {
  switch (message.type) {
    case 'indirectProbe':
      return message.contact === undefined ? none : [message.contact];
    case 'leafSet':
    case 'routeRefused':
    case 'joinRefused':
      return message.members;
    case 'route':
      return message.origin === undefined ? message.contacts : [message.origin, ...message.contacts];
    case 'routeReply':
      return [...message.replicaSet, ...message.contacts];
    case 'findNextReply':
    case 'tableReply':
      return message.contacts;
    case 'joinGrant':
      return [message.successor, ...message.members];
    case 'joinRequest':
      return message.joiner === undefined ? none : [message.joiner];
    case 'joinCommit':
      return [message.joiner, message.predecessor];
    case 'putResult':
      return message.holders.map((holder) => holder.node);
    case 'relay':
    case 'relayed':
      return contactsOf(message.mail);
    default:
      return none;
  }
}

/** The message without the contacts that `isGood` refuses; undefined when it means nothing without one of them. */
export function withGoodContacts(message: Message, isGood: (contact: Contact) => boolean): Message | undefined {
  const good = (contacts: readonly Contact[]): readonly Contact[] => contacts.filter(isGood);
  switch (message.type) {
    case 'indirectProbe':
      return message.contact === undefined || isGood(message.contact) ? message : undefined;
    case 'leafSet':
    case 'routeRefused':
    case 'joinRefused':
      return { ...message, members: good(message.members) };
    case 'route':
      return message.origin === undefined || isGood(message.origin) ? { ...message, contacts: good(message.contacts) } : undefined;
    case 'routeReply':
      return {
        ...message,
        replicaSet: good(message.replicaSet),
        contacts: good(message.contacts),
      };
    case 'findNextReply':
    case 'tableReply':
      return { ...message, contacts: good(message.contacts) };
    case 'joinGrant':
      return isGood(message.successor) ? { ...message, members: good(message.members) } : undefined;
    case 'joinRequest':
      return message.joiner === undefined || isGood(message.joiner) ? message : undefined;
    case 'joinCommit':
      return isGood(message.joiner) && isGood(message.predecessor) ? message : undefined;
    case 'relay':
    case 'relayed': {
      // Of the type that it had.
      const mail = withGoodContacts(message.mail, isGood) as Mail | undefined;
      return mail && { ...message, mail };
    }
    case 'putResult':
      return { ...message, holders: message.holders.filter((holder) => isGood(holder.node)) };
    default:
      return message;
  }
}
