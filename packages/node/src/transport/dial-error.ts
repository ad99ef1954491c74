import { systemCode } from '../error.ts';
import { TransportError } from './transport.ts';

/** Why a peer could not be had, as the core is told. */
export type UnreachableReason = 'refused' | 'timeout' | 'identity' | 'rejected';

const refused = new Set(['ECONNREFUSED']);
/** Nobody said no: the host may be down, or the way to it. */
const silent = new Set(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL']);
const silentNames = new Set(['TimeoutError', 'AbortError']);

/**
 * What an error of a dial means. libp2p and Node.js wrap errors in one another (`AggregateError` of several addresses, `cause`),
 * so all of them are looked at. The verdict of several is the most cautious one: only when every address refused is the peer
 * said to be gone.
 */
export function unreachableReason(error: unknown): UnreachableReason {
  const reasons = new Set(leaves(error).map(reasonOfOne));
  for (const reason of ['timeout', 'rejected', 'identity', 'refused'] as const) if (reasons.has(reason)) return reason;
  return 'rejected';
}

function leaves(error: unknown): unknown[] {
  if (error instanceof AggregateError) return error.errors.flatMap(leaves);
  if (error instanceof TransportError) return [error];
  if (error instanceof Error && error.cause !== undefined && systemCode(error) === undefined) return leaves(error.cause);
  return [error];
}

function reasonOfOne(error: unknown): UnreachableReason {
  if (error instanceof TransportError) return reasonOfTransportError(error);
  const code = systemCode(error);
  if (code !== undefined && refused.has(code)) return 'refused';
  if (code !== undefined && silent.has(code)) return 'timeout';
  if (error instanceof Error && silentNames.has(error.name)) return 'timeout';
  return 'rejected';
}

function reasonOfTransportError(error: TransportError): UnreachableReason {
  switch (error.code) {
    case 'refused':
    case 'timeout':
    case 'identity':
      return error.code;
    case 'aborted':
      return 'timeout';
    default:
      return 'rejected';
  }
}

/** What a person is told who asked for the address. */
export function dialFailure(error: unknown, address: string): TransportError {
  if (error instanceof TransportError && error.code !== 'aborted' && error.code !== 'timeout') return error;
  switch (unreachableReason(error)) {
    case 'refused':
      return new TransportError('refused', `nobody listens at ${address}: is the daemon running there, and is the port right?`, {
        cause: error,
      });
    case 'identity':
      return new TransportError('identity', `another peer answers at ${address}`, { cause: error });
    case 'timeout':
      return new TransportError('timeout', `${address} does not answer: is the host up, and does a firewall let the port through?`, {
        cause: error,
      });
    case 'rejected':
      return new TransportError('protocol', `${address} hung up before it said Hello: is it a dht daemon?`, { cause: error });
  }
}

/** Errors of libp2p and of sockets are the connection's end, whatever their class. */
export function asTransportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  return new TransportError('aborted', error instanceof Error ? error.message : String(error), { cause: error });
}
