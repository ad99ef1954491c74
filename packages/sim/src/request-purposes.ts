import type { RequestId, RouteMessage } from '@dht/overlay';

const purposes: readonly RouteMessage['purpose'][] = ['lookup', 'join', 'probe'];
/** A power of two, far above the number of requests that are under way at once. */
const slots = 1 << 20;
const topLow = 2 ** 32;

/**
 * What recent requests were for, because a reply does not say it. Requests share slots by hash and the newer one wins, so that a
 * reply is now and then taken for another's: it is for counting only.
 */
export class RequestPurposes {
  private readonly table = new Uint8Array(slots);

  note(request: RequestId, purpose: RouteMessage['purpose']): void {
    this.table[slotOf(request)] = purposes.indexOf(purpose);
  }

  of(request: RequestId): RouteMessage['purpose'] {
    return purposes[this.table[slotOf(request)] as number] as RouteMessage['purpose'];
  }
}

function slotOf({ origin, counter }: RequestId): number {
  const low = (origin.top % topLow) | 0;
  return ((Math.imul(counter, 0x9e3779b1) ^ low ^ (low >>> 15)) >>> 0) & (slots - 1);
}
