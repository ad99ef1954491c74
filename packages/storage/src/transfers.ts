import type { Contact, Id, RequestId } from '@dht/overlay';
import { SparseMap } from '@dht/overlay';
import type { Handle } from './block.ts';
import type { Handles } from './handles.ts';
import type { CoreOutput } from './io.ts';
import type { TransferHeader } from './messages.ts';
import { requestKey } from './requests.ts';

interface Running {
  readonly handle: Handle;
  readonly done: ((outcome: 'sent' | 'failed') => void) | undefined;
}

/** Blocks on their way out of this machine. Holds the bytes of each until the driver is through with it. */
export class Transfers {
  /** Transfers of one header to one peer end in the order in which they began. */
  private readonly running = new SparseMap<string, Running[]>();
  private readonly handles: Handles;
  private readonly emit: (output: CoreOutput) => void;

  constructor(handles: Handles, emit: (output: CoreOutput) => void) {
    this.handles = handles;
    this.emit = emit;
  }

  start(to: Contact, header: TransferHeader, handle: Handle, done?: (outcome: 'sent' | 'failed') => void): void {
    this.handles.hold(handle);
    const key = transferKey(to.id, header.purpose, header.request);
    const queue = this.running.get(key);
    if (queue === undefined) this.running.set(key, [{ handle, done }]);
    else queue.push({ handle, done });
    this.emit({ type: 'transfer', to, header, handle });
  }

  complete(to: Id, header: TransferHeader, outcome: 'sent' | 'failed'): void {
    const key = transferKey(to, header.purpose, header.request);
    const queue = this.running.get(key);
    const first = queue?.shift();
    if (queue?.length === 0) this.running.delete(key);
    if (first === undefined) return;
    this.handles.drop(first.handle);
    first.done?.(outcome);
  }
}

function transferKey(to: Id, purpose: string, request: RequestId): string {
  return `${to.hex} ${purpose} ${requestKey(request)}`;
}
