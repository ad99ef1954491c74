import type { Contact, JoinCommittedMessage, JoinGrantMessage, NodeLife } from '@dht/overlay';
import type { CoreEvent, Message } from '@dht/storage';
import type { Host } from '../machine/host.ts';
import type { Observer } from '../world/observer.ts';
import type { Violations } from './violations.ts';

/** Always: a node becomes active by creating a network, by seeding one it was active in, or with a grant for its gap. */
export class GrantedActivation implements Observer {
  readonly name = 'granted-activation';
  readonly sends: readonly Message['type'][] = ['joinGrant', 'joinCommitted', 'relay'];
  private readonly violations: Violations;
  /** By joiner and incarnation: tokens granted, and tokens that came back committed. */
  private readonly granted = new Map<string, Set<number>>();
  private readonly committed = new Map<string, Set<number>>();

  constructor(violations: Violations) {
    this.violations = violations;
  }

  onSend(from: Host, to: NodeLife, message: Message): void {
    // What others are to pass on was said by whoever gives it to them, to whom it is addressed.
    if (message.type === 'relay') this.onSend(from, message.to, message.mail);
    if (message.type === 'joinGrant') this.note(this.granted, to, message);
    if (message.type === 'joinCommitted') this.note(this.committed, to, message);
  }

  onEvent(host: Host, event: CoreEvent): void {
    // A client takes no place on the ring, so nobody has to grant it one.
    if (event.type !== 'activated' || host.role === 'client') return;
    if (event.how === 'seeded' && !host.previouslyActive) this.report(host, 'seeded a ring without having been active before');
    if (event.how === 'joined' && !this.hasGrant(host.contact)) this.report(host, 'became active without a committed grant');
    this.forget(host.contact);
  }

  onEnd(host: Host): void {
    this.forget(host.contact);
  }

  private forget(contact: Contact): void {
    const life = lifeOf(contact);
    this.granted.delete(life);
    this.committed.delete(life);
  }

  private note(tokens: Map<string, Set<number>>, to: NodeLife, { token }: JoinGrantMessage | JoinCommittedMessage): void {
    const life = lifeOf(to);
    const known = tokens.get(life);
    if (known === undefined) tokens.set(life, new Set([token]));
    else known.add(token);
  }

  private hasGrant(contact: Contact): boolean {
    const granted = this.granted.get(lifeOf(contact));
    const committed = this.committed.get(lifeOf(contact));
    if (granted === undefined || committed === undefined) return false;
    return [...committed].some((token) => granted.has(token));
  }

  private report(host: Host, message: string): void {
    this.violations.add(this.name, 'always', message, [host]);
  }
}

function lifeOf({ id, incarnation }: NodeLife): string {
  return `${id.hex}/${incarnation}`;
}
