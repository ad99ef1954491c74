import { assert } from '@dht/overlay';
import type { Handle } from '@dht/storage';

interface Held {
  readonly bytes: Uint8Array;
  readonly released: () => void;
}

/** The bytes of blocks that the core knows by handle alone, until it releases them. */
export class HandleTable {
  private readonly held = new Map<Handle, Held>();
  private nextHandle = 1;
  private sum = 0;
  private readonly onTaken: () => void;

  /** `onTaken` is called for each block. */
  constructor(onTaken: () => void = () => {}) {
    this.onTaken = onTaken;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.sum;
  }

  get count(): number {
    return this.held.size;
  }

  /** `released` is called once, when the core or the driver lets go of the bytes. */
  take(bytes: Uint8Array, released: () => void = () => {}): Handle {
    const handle = this.nextHandle++;
    this.held.set(handle, { bytes, released });
    this.sum += bytes.length;
    this.onTaken();
    return handle;
  }

  get(handle: Handle): Uint8Array {
    const held = this.held.get(handle);
    assert(held !== undefined, 'the core uses only handles that it holds');
    return held.bytes;
  }

  release(handle: Handle): Uint8Array {
    const held = this.held.get(handle);
    assert(held !== undefined, 'a handle is released once');
    this.held.delete(handle);
    this.sum -= held.bytes.length;
    held.released();
    return held.bytes;
  }
}
