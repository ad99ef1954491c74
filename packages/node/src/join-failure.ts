import { exitCodes } from './api/contract.ts';
import { DhtError } from './error.ts';
import { TransportError } from './transport/transport.ts';

/** Why none of the addresses led anywhere: with one address its own reason, else all of them. */
export function joinFailure(multiaddrs: readonly string[], error: unknown): DhtError {
  const reasons: unknown[] = error instanceof AggregateError ? error.errors : [error];
  const codes = reasons.map((reason) => (reason instanceof TransportError ? reason.code : undefined));
  const messages = reasons.map((reason) => (reason instanceof Error ? reason.message : String(reason)));
  const message =
    messages.length === 1
      ? `cannot join: ${messages[0]}`
      : `cannot join through any of ${multiaddrs.length} addresses: ${messages.join('; ')}`;
  if (codes.every((code) => code === 'bad-address')) {
    return new DhtError(exitCodes.usage, message, {
      hint: 'An address looks like /ip4/192.0.2.1/tcp/4001; `dht start` prints it.',
      cause: error,
    });
  }
  if (codes.includes('other-network')) {
    return new DhtError(exitCodes.conflict, message, { hint: 'To join another network use another --path.', cause: error });
  }
  if (codes.includes('aborted')) return new DhtError(exitCodes.interrupted, 'interrupted while joining', { cause: error });
  return new DhtError(exitCodes.unavailable, message, {
    hint: 'Check the address with `dht status` on that machine, or try another member.',
    cause: error,
  });
}
