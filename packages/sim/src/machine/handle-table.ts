import { SparseMap } from '@dht/overlay';
import type { Handle } from '@dht/storage';

/** Block bytes that a host's driver keeps in memory for its core: only their sizes, as a simulated block has no bytes. */
export class HandleTable {
  private readonly open = new SparseMap<Handle, { readonly size: number; readonly since: number }>();
  private next = 1;

  get count(): number {
    return this.open.size;
  }

  take(size: number, now: number): Handle {
    const handle = this.next++;
    this.open.set(handle, { size, since: now });
    return handle;
  }

  /** Bytes behind the handle; undefined when it is not open. */
  size(handle: Handle): number | undefined {
    return this.open.get(handle)?.size;
  }

  /** False when the handle was released before or never given. */
  release(handle: Handle): boolean {
    return this.open.delete(handle);
  }

  /** Handles taken before `time` that are still open. */
  olderThan(time: number): Handle[] {
    return [...this.open].filter(([, { since }]) => since < time).map(([handle]) => handle);
  }
}
