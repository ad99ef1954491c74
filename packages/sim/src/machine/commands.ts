import type { Id, LookupMode, LookupResult } from '@dht/overlay';
import { SparseMap } from '@dht/overlay';
import type { BlockRef, CoreOutput, GetResult, HandOverResult, PutResult, WhereResult } from '@dht/storage';
import type { World } from '../world/world.ts';
import type { Host } from './host.ts';

/** A command that a core is busy with. `done` is called for every reply; for a put there may be two. */
export type PendingCommand =
  | { readonly type: 'put'; readonly issuedAt: number; readonly block: BlockRef; readonly done?: (result: PutResult) => void }
  | { readonly type: 'get'; readonly issuedAt: number; readonly key: Id; readonly done?: (result: GetResult) => void }
  | { readonly type: 'where'; readonly issuedAt: number; readonly done?: (result: WhereResult) => void }
  | { readonly type: 'handOver'; readonly issuedAt: number; readonly done?: (result: HandOverResult) => void }
  | {
      readonly type: 'lookup';
      readonly issuedAt: number;
      readonly key: Id;
      readonly mode: LookupMode;
      readonly done?: (result: LookupResult) => void;
    };

/** What a core answers a command with. */
export type Reply = Extract<CoreOutput, { type: 'putDone' | 'getDone' | 'whereDone' | 'handOverDone' | 'lookupDone' }>;

/** The commands that one process is busy with. */
export class Commands {
  private readonly world: World;
  private readonly pending = new SparseMap<number, PendingCommand>();
  private nextRef = 1;

  constructor(world: World) {
    this.world = world;
  }

  /** The number that the replies will carry. */
  add(command: PendingCommand): number {
    const ref = this.nextRef++;
    this.pending.set(ref, command);
    return ref;
  }

  /** The process has died: nobody will answer. */
  lose(host: Host): void {
    for (let lost = this.pending.size; lost > 0; lost--) this.world.observers.notify('onCommandLost', host);
    this.pending.clear();
  }

  reply(host: Host, reply: Reply): void {
    const command = this.pending.get(reply.ref);
    if (command === undefined) return;
    if (reply.type !== 'putDone' || reply.result.settled) this.pending.delete(reply.ref);
    const { observers, engine } = this.world;
    const elapsedMs = engine.now - command.issuedAt;
    if (reply.type === 'putDone' && command.type === 'put') {
      observers.notify('onPut', host, command.block, reply.result, elapsedMs);
      this.answer(command.done, reply.result);
    } else if (reply.type === 'getDone' && command.type === 'get') {
      this.takeBytes(host, reply.result);
      observers.notify('onGet', host, command.key, reply.result, elapsedMs);
      this.answer(command.done, reply.result);
    } else if (reply.type === 'lookupDone' && command.type === 'lookup') {
      observers.notify('onLookup', host, command.key, command.mode, reply.result, command.issuedAt);
      this.answer(command.done, reply.result);
    } else if (reply.type === 'whereDone' && command.type === 'where') this.answer(command.done, reply.result);
    else if (reply.type === 'handOverDone' && command.type === 'handOver') this.answer(command.done, reply.result);
  }

  /** The bytes of a get are the driver's now, which is done with them at once. */
  private takeBytes(host: Host, result: GetResult): void {
    if (result.outcome !== 'found' || host.handles.release(result.handle)) return;
    this.world.observers.notify('onBadHandle', host, 'answered a get with a handle that is not open');
  }

  /** Later in the same instant, because who asked may well give the next command, and a step must not begin inside another. */
  private answer<R>(done: ((result: R) => void) | undefined, result: R): void {
    if (done !== undefined) this.world.engine.after(0, () => done(result));
  }
}
