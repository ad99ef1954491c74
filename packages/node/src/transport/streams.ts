import type { Connection, Stream } from '@libp2p/interface';
import { asTransportError } from './dial-error.ts';
import { openOptions } from './protocols.ts';
import { TransportError } from './transport.ts';

const closeTimeoutMs = 1000;

/** Rejects with a `TransportError`, whatever libp2p has to say. */
export async function openStream(connection: Connection, protocol: string, signal: AbortSignal): Promise<Stream> {
  try {
    return await connection.newStream(protocol, { ...openOptions, signal });
  } catch (error) {
    if (signal.aborted) throw new TransportError('timeout', `the peer did not accept ${protocol} in time`, { cause: error });
    throw asTransportError(error);
  }
}

/** Closes behind what is still to be sent; a peer that does not take it in time is cut off. */
export async function closeGently(what: Connection | Stream): Promise<void> {
  try {
    await what.close({ signal: AbortSignal.timeout(closeTimeoutMs) });
  } catch {
    what.abort(new TransportError('timeout', `not closed within ${closeTimeoutMs} ms`));
  }
}
