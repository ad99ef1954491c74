import type { CoreInput, CoreOutput, Handle } from '@dht/storage';
import type { BlockStore } from '../store/block-store.ts';
import { StoreError } from '../store/block-store.ts';
import { ByteBudget } from './byte-budget.ts';
import type { HandleTable } from './handle-table.ts';

export type DiskRequest = Extract<CoreOutput, { readonly type: 'write' | 'read' | 'has' | 'list' | 'delete' }>;
type DiskDone = Extract<CoreInput, { readonly type: 'writeDone' | 'readDone' | 'hasDone' | 'listDone' | 'deleteDone' }>;

const mebibyte = 1024 * 1024;
/** Bytes read for the core and not yet released: what slow readers elsewhere can make this node hold. */
const readBytesMax = 64 * mebibyte;

/** Carries out what the core asks of the disk and tells it the outcome; every request is answered once. */
export class DiskWorker {
  private readonly store: BlockStore;
  private readonly handles: HandleTable;
  private readonly answer: (done: DiskDone) => void;
  private readonly onError: (error: unknown) => void;
  private readonly readBudget = new ByteBudget(readBytesMax);

  constructor(store: BlockStore, handles: HandleTable, answer: (done: DiskDone) => void, onError: (error: unknown) => void) {
    this.store = store;
    this.handles = handles;
    this.answer = answer;
    this.onError = onError;
  }

  request(request: DiskRequest): void {
    const { ref } = request;
    switch (request.type) {
      case 'has':
        this.answer({ type: 'hasDone', ref, sizes: request.keys.map((key) => this.store.sizeOf(key)) });
        break;
      case 'list':
        this.answer({ type: 'listDone', ref, ...this.store.list(request.arc, request.after, request.limit) });
        break;
      case 'write':
        void this.write(request).then(this.answer);
        break;
      case 'read':
        void this.read(request).then(this.answer);
        break;
      case 'delete':
        void this.delete(request).then(this.answer);
        break;
    }
  }

  private async write({ ref, block, handle }: Extract<DiskRequest, { type: 'write' }>): Promise<DiskDone> {
    try {
      await this.store.put(block, this.handles.get(handle));
      return { type: 'writeDone', ref, outcome: 'durable' };
    } catch (error) {
      this.onError(error);
      return { type: 'writeDone', ref, outcome: error instanceof StoreError && error.code === 'full' ? 'full' : 'failed' };
    }
  }

  private async read({ ref, key }: Extract<DiskRequest, { type: 'read' }>): Promise<DiskDone> {
    const size = this.store.sizeOf(key);
    if (size < 0) return { type: 'readDone', ref, outcome: 'absent' };
    await this.readBudget.take(size);
    let handle: Handle | undefined;
    try {
      const bytes = await this.store.get(key);
      if (bytes === undefined) return { type: 'readDone', ref, outcome: 'absent' };
      handle = this.handles.take(bytes, () => this.readBudget.give(size));
      return { type: 'readDone', ref, outcome: 'read', handle, size: bytes.length };
    } catch (error) {
      this.onError(error);
      return { type: 'readDone', ref, outcome: error instanceof StoreError && error.code === 'corrupt' ? 'corrupt' : 'failed' };
    } finally {
      if (handle === undefined) this.readBudget.give(size);
    }
  }

  private async delete({ ref, key }: Extract<DiskRequest, { type: 'delete' }>): Promise<DiskDone> {
    try {
      await this.store.delete(key);
      return { type: 'deleteDone', ref, outcome: 'durable' };
    } catch (error) {
      this.onError(error);
      return { type: 'deleteDone', ref, outcome: 'failed' };
    }
  }
}
