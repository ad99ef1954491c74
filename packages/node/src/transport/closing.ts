import type { Connection, Stream } from '@libp2p/interface';
import { TransportError } from './transport.ts';

const closeTimeoutMs = 1000;

/** Closes behind what is still to be sent; a peer that does not take it in time is cut off. */
export async function closeGently(what: Connection | Stream): Promise<void> {
  try {
    await what.close({ signal: AbortSignal.timeout(closeTimeoutMs) });
  } catch {
    what.abort(new TransportError('timeout', `not closed within ${closeTimeoutMs} ms`));
  }
}
