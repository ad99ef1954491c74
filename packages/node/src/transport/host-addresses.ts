import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { CODE_P2P, CODE_TCP, type Multiaddr, multiaddr } from '@multiformats/multiaddr';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

// RFC 1918, RFC 6598 (carrier-grade NAT), RFC 4193.
const privateNetworks = new BlockList();
privateNetworks.addSubnet('10.0.0.0', 8, 'ipv4');
privateNetworks.addSubnet('172.16.0.0', 12, 'ipv4');
privateNetworks.addSubnet('192.168.0.0', 16, 'ipv4');
privateNetworks.addSubnet('100.64.0.0', 10, 'ipv4');
privateNetworks.addSubnet('fc00::', 7, 'ipv6');

// Valid only together with an interface, so of no use to anybody else.
const linkLocal = new BlockList();
linkLocal.addSubnet('169.254.0.0', 16, 'ipv4');
linkLocal.addSubnet('fe80::', 10, 'ipv6');

const unspecified = new Set(['0.0.0.0', '::']);

/** The IP address or host name that a multiaddr starts with. */
export function hostOf(address: Multiaddr): string | undefined {
  return address.getComponents()[0]?.value;
}

export function withoutPeerId(address: Multiaddr): Multiaddr {
  return address.decapsulateCode(CODE_P2P);
}

/** The peer id that a multiaddr ends with, as text. */
export function peerIdOf(address: Multiaddr): string | undefined {
  return address.getComponents().findLast(({ code }) => code === CODE_P2P)?.value;
}

/** Addresses of this host's interfaces, link-local ones left out. */
function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .map(({ address }) => address)
    .filter((address) => !isIn(linkLocal, address));
}

/**
 * What to tell others. A loopback address means another host to each host, so it is told only when there is nothing else; nodes
 * on one machine reach each other at the machine's own address too.
 */
export function announceable(addresses: readonly Multiaddr[]): Multiaddr[] {
  const reachable = addresses.filter((address) => !isLoopback(address));
  return reachable.length > 0 ? reachable : [...addresses];
}

/** The order to try addresses in: those of this very host first, then public ones and names, then private networks. */
export function inDialOrder(addresses: readonly Multiaddr[], ownAddresses: Iterable<string> = interfaceAddresses()): Multiaddr[] {
  const own = new Set(ownAddresses);
  const elsewhere = addresses.filter((address) => !isLoopback(address));
  const sameHost = elsewhere.length === 0 || elsewhere.some((address) => own.has(hostOf(address) ?? ''));
  return unique(addresses)
    .filter((address) => !unspecified.has(hostOf(address) ?? '') && (sameHost || !isLoopback(address)))
    .map((address) => ({ address, rank: dialRank(address, own) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ address }) => address);
}

function isLoopback(address: Multiaddr): boolean {
  return isIn(loopback, hostOf(address) ?? '');
}

/** The same address at another TCP port. */
export function withPort(address: Multiaddr, port: number): Multiaddr {
  return multiaddr(address.getComponents().map((part) => (part.code === CODE_TCP ? { ...part, value: `${port}` } : part)));
}

export function portOf(address: Multiaddr): number | undefined {
  const port = address.getComponents().find(({ code }) => code === CODE_TCP)?.value;
  return port === undefined ? undefined : Number(port);
}

function dialRank(address: Multiaddr, own: ReadonlySet<string>): number {
  const host = hostOf(address) ?? '';
  if (own.has(host)) return 0;
  if (isIn(privateNetworks, host)) return 2;
  return isIn(linkLocal, host) ? 3 : 1;
}

function unique(addresses: readonly Multiaddr[]): Multiaddr[] {
  return [...new Map(addresses.map((address) => [address.toString(), address])).values()];
}

function isIn(list: BlockList, host: string): boolean {
  if (isIPv4(host)) return list.check(host, 'ipv4');
  return isIPv6(host) && list.check(host, 'ipv6');
}
