import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, expect, it, vi } from 'vitest';
import { bareAddressOf, connect, startNode, stopAll, type TestNode } from './world.ts';

afterEach(stopAll);

/** At once, where a daemon takes its time. */
const eager = { identifyDelayMs: 1, searchAfterMs: 0 };
const patience = { timeout: 8000, interval: 50 };

async function startKad(...nodes: readonly TestNode[]): Promise<void> {
  await Promise.all(nodes.map(({ transport }) => transport.startKad(eager)));
}

it('the new address of a peer that restarted elsewhere is found through a third node, which alone knows it', async () => {
  const [asker, third, peer] = [await startNode(), await startNode(), await startNode()];
  const outdated = peer.transport.self;
  const oldAddress = multiaddr(bareAddressOf(peer));
  await connect(asker, third);
  await connect(asker, peer);
  await startKad(asker, third);
  await peer.transport.stop();
  await asker.witness.next('disconnected');

  const reborn = await startNode({ privateKey: peer.init.privateKey, incarnation: 2 });
  await connect(reborn, third);
  await startKad(reborn);
  await vi.waitFor(async () => {
    const found = await asker.transport.findAddresses(peer.transport.peerId, [oldAddress], AbortSignal.timeout(5000));
    expect(found.map(String)).toContain(bareAddressOf(reborn));
  }, patience);
  expect(asker.witness.of('connected')).toHaveLength(2);

  // Refused at the old address, it is looked for and then dialled at the new one.
  asker.transport.send(outdated, { type: 'heartbeat', status: 'active' });
  expect(await asker.witness.next('unreachable')).toMatchObject({ reason: 'refused' });
  expect((await asker.witness.next('connected')).peer).toEqual(reborn.transport.self);
});
