import type { Contact, Id, LookupMode, LookupResult } from '@dht/overlay';
import type { BlockRef, CoreEvent, GetResult, Message, PutResult } from '@dht/storage';
import type { Host } from '../machine/host.ts';

/** How a process ends: `crash` takes the process, `powerLoss` its machine too, `stop` comes after an orderly leave. */
export type EndOfLife = 'crash' | 'powerLoss' | 'stop';

/** What checkers and statistics may watch. Every hook is optional, and none may change anything. */
export interface Observer {
  /** The message types whose sends `onSend` is called for. */
  readonly sends?: readonly Message['type'][];
  onSend?(from: Host, to: Contact, message: Message): void;
  onEvent?(host: Host, event: CoreEvent): void;
  onStart?(host: Host): void;
  onEnd?(host: Host, how: EndOfLife): void;
  /** After a block became durable on the host's disk. */
  onDurable?(host: Host, block: BlockRef): void;
  /** After a block on the host's disk turned out to have gone bad. */
  onSpoiled?(host: Host, key: Id): void;
  /** After the core had a block deleted. */
  onDeleted?(host: Host, key: Id): void;
  onPut?(host: Host, block: BlockRef, result: PutResult, elapsedMs: number): void;
  onGet?(host: Host, key: Id, result: GetResult, elapsedMs: number): void;
  onLookup?(host: Host, key: Id, mode: LookupMode, result: LookupResult, issuedAt: number): void;
  /** The process died with the command under way. */
  onCommandLost?(host: Host): void;
  /** The core released a handle it did not have, or used one that was gone. */
  onBadHandle?(host: Host, what: string): void;
  /** The host has sent as many messages within one second as no sound node does. */
  onFlood?(host: Host, messages: number): void;
  /** A message of the host, or to it, is late because a line is crowded, or the host has no time: nobody can tell it from a lost one. */
  onCongestion?(host: Host): void;
  /** The core threw: an invariant of its own is broken. */
  onThrow?(host: Host, error: unknown): void;
}

type Hook = Exclude<keyof Observer, 'sends' | 'onSend'>;

/** Hands every occurrence to those who asked for it. */
export class Observers {
  private readonly sends = new Map<Message['type'], Observer[]>();
  private readonly all: Observer[] = [];

  add(observer: Observer): void {
    this.all.push(observer);
    for (const type of observer.sends ?? []) this.sends.set(type, [...(this.sends.get(type) ?? []), observer]);
  }

  /** Those who want to see sends of this type; undefined when nobody does. */
  ofSend(type: Message['type']): readonly Observer[] | undefined {
    return this.sends.get(type);
  }

  /** Calls one hook of everybody who has it. */
  notify<H extends Hook>(hook: H, ...args: Parameters<NonNullable<Observer[H]>>): void {
    for (const observer of this.all) {
      const call = observer[hook] as ((...args: unknown[]) => void) | undefined;
      if (call !== undefined) call.apply(observer, args);
    }
  }
}
