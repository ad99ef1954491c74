import { createServer } from 'node:net';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Libp2p } from 'libp2p';
import { systemCode } from '../error.ts';
import { parseAddress } from './address-text.ts';
import { hostOf, portOf, withPort } from './host-addresses.ts';
import { TransportError } from './transport.ts';

const portsTriedMax = 200;

/**
 * The addresses to listen on. One that is in use is an error when somebody chose it, and otherwise gives way: to `preferredPort`
 * before all, then to the next free port. Rejects with a `TransportError`.
 */
export async function listenable(addresses: readonly string[], chosen: boolean, preferredPort?: number): Promise<Multiaddr[]> {
  const free: Multiaddr[] = [];
  for (const address of addresses.map(parseAddress)) free.push(chosen ? await asFree(address) : await someFree(address, preferredPort));
  return free;
}

/** Starts libp2p, which tells only in words why it cannot listen. Rejects with a `TransportError`. */
export async function startListening(libp2p: Libp2p): Promise<void> {
  try {
    await libp2p.start();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TransportError(why.includes('EADDRINUSE') ? 'address-in-use' : 'bad-address', `cannot listen: ${why}`, { cause: error });
  }
}

async function asFree(address: Multiaddr): Promise<Multiaddr> {
  await tryListen(address);
  return address;
}

async function someFree(address: Multiaddr, preferredPort: number | undefined): Promise<Multiaddr> {
  const first = portOf(address) ?? 0;
  const next = Array.from({ length: portsTriedMax }, (_, offset) => first + offset);
  for (const port of preferredPort === undefined ? next : [preferredPort, ...next]) {
    const candidate = withPort(address, port);
    try {
      return await asFree(candidate);
    } catch (error) {
      if (!(error instanceof TransportError) || error.code !== 'address-in-use') throw error;
    }
  }
  throw new TransportError(
    'address-in-use',
    `${address} and the ${portsTriedMax} ports behind it are in use; choose another with --listen`,
  );
}

/** libp2p reports a failure to listen as text only, so this finds out what it would be. */
async function tryListen(address: Multiaddr): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: hostOf(address), port: portOf(address), exclusive: true }, resolve);
    });
  } catch (error) {
    throw listenError(address, error);
  }
  await new Promise((resolve) => server.close(resolve));
}

function listenError(address: Multiaddr, error: unknown): TransportError {
  if (systemCode(error) === 'EADDRINUSE') {
    return new TransportError('address-in-use', `${address} is in use by another program`, {
      cause: error,
    });
  }
  const why = error instanceof Error ? error.message : String(error);
  return new TransportError('bad-address', `cannot listen on ${address}: ${why}`, { cause: error });
}
