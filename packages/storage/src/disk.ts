import type { Arc, Id } from '@dht/overlay';
import { SparseMap } from '@dht/overlay';
import type { BlockRef, Handle } from './block.ts';
import type { Handles } from './handles.ts';
import type { CoreInput, CoreOutput, DiskRef } from './io.ts';

/** The driver's answer to a disk operation. */
export type DiskDone = Extract<
  CoreInput,
  { readonly ref: DiskRef; readonly type: 'writeDone' | 'readDone' | 'hasDone' | 'listDone' | 'deleteDone' }
>;

type DoneOf<T extends DiskDone['type']> = Extract<DiskDone, { readonly type: T }>;

/** Asks the driver for disk operations and hands each answer to whoever asked. */
export class Disk {
  private readonly waiting = new SparseMap<DiskRef, (done: DiskDone) => void>();
  private readonly handles: Handles;
  private readonly emit: (output: CoreOutput) => void;
  private refs = 0;

  constructor(handles: Handles, emit: (output: CoreOutput) => void) {
    this.handles = handles;
    this.emit = emit;
  }

  /** Operations under way. */
  get size(): number {
    return this.waiting.size;
  }

  /** Holds the bytes until the write is over. */
  write(block: BlockRef, handle: Handle, done: (outcome: DoneOf<'writeDone'>['outcome']) => void): void {
    this.handles.hold(handle);
    const ref = this.expect('writeDone', ({ outcome }) => {
      this.handles.drop(handle);
      done(outcome);
    });
    this.emit({ type: 'write', ref, block, handle });
  }

  /** A handle that was read is held once for the caller. */
  read(key: Id, done: (result: DoneOf<'readDone'>) => void): void {
    const ref = this.expect('readDone', (result) => {
      if (result.outcome === 'read') this.handles.take(result.handle);
      done(result);
    });
    this.emit({ type: 'read', ref, key });
  }

  /** Sizes in the order of the keys, −1 where absent. */
  has(keys: readonly Id[], done: (sizes: readonly number[]) => void): void {
    const ref = this.expect('hasDone', ({ sizes }) => done(sizes));
    this.emit({ type: 'has', ref, keys });
  }

  list(arc: Arc, after: Id | undefined, limit: number, done: (page: DoneOf<'listDone'>) => void): void {
    const ref = this.expect('listDone', done);
    this.emit({ type: 'list', ref, arc, limit, ...(after === undefined ? {} : { after }) });
  }

  delete(key: Id, done: (outcome: DoneOf<'deleteDone'>['outcome']) => void): void {
    const ref = this.expect('deleteDone', ({ outcome }) => done(outcome));
    this.emit({ type: 'delete', ref, key });
  }

  /** An answer that nobody waits for is one that the driver gave twice: its bytes are let go. */
  complete(answer: DiskDone): void {
    const waiter = this.waiting.get(answer.ref);
    this.waiting.delete(answer.ref);
    waiter?.(answer);
  }

  private expect<T extends DiskDone['type']>(type: T, done: (answer: DoneOf<T>) => void): DiskRef {
    const ref = ++this.refs;
    this.waiting.set(ref, (answer) => {
      if (answer.type === type) done(answer as DoneOf<T>);
    });
    return ref;
  }
}
