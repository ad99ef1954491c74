import { assert, SparseMap } from '@dht/overlay';
import type { Handle } from './block.ts';

/**
 * Counts who still needs the bytes behind each handle. Whoever is given a handle holds it once; a write or a transfer holds it
 * for as long as it takes. When the last one drops it the driver may free the bytes, which happens exactly once.
 */
export class Handles {
  private readonly holds = new SparseMap<Handle, number>();
  private readonly release: (handle: Handle) => void;

  constructor(release: (handle: Handle) => void) {
    this.release = release;
  }

  /** Handles not yet released. */
  get size(): number {
    return this.holds.size;
  }

  /** The driver has handed the core a handle. */
  take(handle: Handle): void {
    assert(!this.holds.has(handle), 'the driver gives each handle once');
    this.holds.set(handle, 1);
  }

  hold(handle: Handle): void {
    const count = this.holds.get(handle);
    assert(count !== undefined, 'a handle is held before it is released');
    this.holds.set(handle, count + 1);
  }

  drop(handle: Handle): void {
    const count = this.holds.get(handle);
    assert(count !== undefined, 'a handle is dropped as often as it was held');
    if (count > 1) {
      this.holds.set(handle, count - 1);
      return;
    }
    this.holds.delete(handle);
    this.release(handle);
  }

  /** Gives the bytes back to the driver, who frees them from here on. */
  handOn(handle: Handle): void {
    assert(this.holds.get(handle) === 1, 'bytes are handed on by their only holder');
    this.holds.delete(handle);
  }
}
