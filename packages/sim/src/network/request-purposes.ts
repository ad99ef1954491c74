import type { RequestId, RouteMessage } from '@dht/overlay';

export type RequestPurpose = RouteMessage['purpose'];

const purposes: readonly RequestPurpose[] = ['lookup', 'join', 'probe', 'merge'];
/** A power of two, far above the number of requests that are under way at once. */
const slots = 1 << 20;
const topLow = 2 ** 32;

/**
 * What recent requests were for, because a reply does not say it. Requests share slots by hash and the newer one wins, so that a
 * reply is now and then taken for another's: it is for counting only.
 */
export class RequestPurposes {
  private readonly table = new Uint8Array(slots);

  /** What the request is for, kept for its reply. */
  note(message: RouteMessage): RequestPurpose {
    this.table[slotOf(message.request)] = purposes.indexOf(message.purpose);
    return message.purpose;
  }

  of(request: RequestId): RequestPurpose {
    return purposes[this.table[slotOf(request)] as number] as RequestPurpose;
  }
}

function slotOf({ origin, counter }: RequestId): number {
  const low = (origin.top % topLow) | 0;
  return ((Math.imul(counter, 0x9e3779b1) ^ low ^ (low >>> 15)) >>> 0) & (slots - 1);
}
