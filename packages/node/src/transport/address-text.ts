import type { PeerId } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { hostOf, peerIdOf, portOf } from './host-addresses.ts';
import { TransportError } from './transport.ts';

/** Reads what a person typed. `bad-address` for what is no multiaddr, or none of TCP. */
export function parseAddress(text: string): Multiaddr {
  let address: Multiaddr;
  try {
    address = multiaddr(text);
  } catch (error) {
    throw new TransportError('bad-address', `${text} is no multiaddr; one looks like /ip4/192.0.2.1/tcp/4001`, { cause: error });
  }
  if (hostOf(address) === undefined || portOf(address) === undefined) {
    throw new TransportError('bad-address', `${text} names no host and TCP port; an address looks like /ip4/192.0.2.1/tcp/4001`);
  }
  return address;
}

/** The TCP port in an address of our own. */
export function portIn(text: string): number | undefined {
  return portOf(multiaddr(text));
}

/** The peer that an address ends with. `bad-address` when that is no peer id. */
export function peerIn(address: Multiaddr): PeerId | undefined {
  const named = peerIdOf(address);
  if (named === undefined) return undefined;
  try {
    return peerIdFromString(named);
  } catch (error) {
    throw new TransportError('bad-address', `${address} ends with a peer id that is none`, { cause: error });
  }
}
