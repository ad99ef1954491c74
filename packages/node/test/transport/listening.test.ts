import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { addressOf, bareAddressOf, connect, startNode, stopAll } from './world.ts';

afterEach(stopAll);

describe('an address to listen on that is in use', () => {
  it('is an error when somebody chose it', async () => {
    const first = await startNode();
    const taken = bareAddressOf(first);
    await expect(startNode({ listen: [taken], listenChosen: true })).rejects.toMatchObject({
      code: 'address-in-use',
      message: expect.stringContaining(taken),
    });
  });

  it('gives way to the next free port when nobody chose it', async () => {
    const first = await startNode();
    const taken = bareAddressOf(first);
    const second = await startNode({ listen: [taken], listenChosen: false });
    const port = (address: string): number => Number(address.split('/')[4]);
    expect(port(addressOf(second))).toBeGreaterThan(port(addressOf(first)));
    await connect(first, second);
  });
});

it('several nodes that look for a free port at the same moment find one each', async () => {
  const first = await startNode();
  const listen = [bareAddressOf(first)];
  const nodes = await Promise.all([1, 2, 3, 4].map(() => startNode({ listen, listenChosen: false })));
  expect(new Set(nodes.map(bareAddressOf)).size).toBe(nodes.length);
});

it.each(['/ip4/192.0.2.1/tcp/0', '/ip4/127.0.0.1', 'localhost:4001'])('%s cannot be listened on, which says so', async (address) => {
  await expect(startNode({ listen: [address] })).rejects.toMatchObject({ code: 'bad-address' });
});

it('a node that listens on all interfaces is announced at concrete addresses, at loopback only when there is no other', async () => {
  const [everywhere, other] = [await startNode({ listen: ['/ip4/0.0.0.0/tcp/0'] }), await startNode()];
  const listening = everywhere.transport.multiaddrs();
  expect(listening.some((address) => address.startsWith('/ip4/127.0.0.1/'))).toBe(true);
  const contact = await other.transport.connect(listening[0] as string, AbortSignal.timeout(5000));
  const announced = other.transport.addresses(contact)?.multiaddrs ?? [];
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const hasOther = interfaces.some(({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('169.254.'));
  expect(announced.some((address) => address.startsWith('/ip4/127.0.0.1/'))).toBe(!hasOther);
  expect(announced.join()).not.toContain('0.0.0.0');
});

it('a node is announced at the addresses chosen for it', async () => {
  const [announced, other] = [await startNode({ announce: ['/dns4/example.net/tcp/4001'] }), await startNode()];
  await connect(announced, other);
  const [peer] = other.transport.peers();
  expect(peer && other.transport.addresses(peer.contact)?.multiaddrs).toEqual([
    `/dns4/example.net/tcp/4001/p2p/${announced.transport.peerId}`,
  ]);
  expect(announced.transport.multiaddrs()).toEqual([`/dns4/example.net/tcp/4001/p2p/${announced.transport.peerId}`]);
});

it('a node that listens nowhere connects to others and proves who it is', async () => {
  const [hidden, other] = [await startNode({ listen: [], role: 'client' }), await startNode()];
  await connectHidden();
  other.transport.send(hidden.transport.self, { type: 'heartbeat', status: 'active' });
  expect((await hidden.witness.next('message')).from).toEqual(other.transport.self);

  async function connectHidden(): Promise<void> {
    await hidden.transport.connect(addressOf(other), AbortSignal.timeout(5000));
    expect((await other.witness.next('connected')).peer).toEqual(hidden.transport.self);
  }
});
