import { createHash } from 'node:crypto';
import { encodeNetworkDescriptor, type Hello, type NetworkDescriptor, negotiateVersion, supportedVersions } from '@dht/wire';
import { TransportError } from './transport.ts';

/** A network and what it is the hash of. */
export interface Network {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly descriptor: NetworkDescriptor;
}

/** The network with this descriptor: its id is SHA-256 of the encoded descriptor (DESIGN §2). */
export function networkOf(descriptor: NetworkDescriptor): Network {
  return { id: createHash('sha256').update(encodeNetworkDescriptor(descriptor)).digest('hex'), descriptor };
}

/** The network that a Hello names. Throws a `TransportError` when its id is not the hash of its descriptor. */
export function networkIn({ networkId, network }: Hello): Network | undefined {
  if (network === undefined) return undefined;
  const named = networkOf(network);
  if (named.id === Buffer.from(networkId).toString('hex')) return named;
  throw new TransportError('protocol', 'the peer named a network whose id is not the hash of its descriptor');
}

/** Throws a `TransportError` when a peer that says this is not one to talk to. One without a network may be told of ours. */
export function checkHello(hello: Hello, own: Network | undefined): void {
  if (negotiateVersion(supportedVersions, hello) === undefined) {
    const { versionMin, versionMax } = supportedVersions;
    throw new TransportError(
      'protocol',
      `the peer speaks versions ${hello.versionMin} to ${hello.versionMax} of the protocol, this program ${versionMin} to ${versionMax}: update the older one`,
    );
  }
  const theirs = networkIn(hello);
  if (own === undefined || theirs === undefined || own.id === theirs.id) return;
  throw new TransportError(
    'other-network',
    `the peer belongs to network ${theirs.id.slice(0, 16)}…, this node to ${own.id.slice(0, 16)}…: a node joins one network for good`,
  );
}
