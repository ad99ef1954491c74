import { Id } from '@dht/overlay';
import type { Message } from '@dht/storage';
import { afterEach, expect, it } from 'vitest';
import { defaultTransportLimits, streamWindowBytes } from '../../src/transport/limits.ts';
import { sayHello, startNode, startStranger, stopAll } from './world.ts';

afterEach(stopAll);

const keys = Array.from({ length: 1000 }, (_, i) => Id.fromBigInt(BigInt(i)));
const keyBytes = 34;

it('for a peer that reads nothing no more is kept than may be, the rest is dropped and reported, and others are served', async () => {
  const [alice, good, stranger] = [await startNode(), await startNode(), await startStranger()];
  stranger.stopReading();
  await sayHello(alice, stranger);
  const [slow] = alice.transport.peers();
  if (slow === undefined) throw new Error('the stranger is not connected');

  const sent = 1000;
  for (let counter = 0; counter < sent; counter++) {
    const message: Message = { type: 'have', request: { origin: alice.transport.self.id, incarnation: 1, counter }, keys };
    alice.transport.send(slow.contact, message);
    if (counter % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await alice.witness.next('dropped');
  const keptBytes = (sent - alice.witness.of('dropped').length) * keys.length * keyBytes;
  expect(keptBytes).toBeLessThan(defaultTransportLimits.queueBytesMax + 2 * streamWindowBytes);

  // There is still room for what must not wait behind repair.
  const dropped = alice.witness.of('dropped').length;
  for (let nonce = 0; nonce < 100; nonce++) alice.transport.send(slow.contact, { type: 'probe', nonce, status: 'active' });
  alice.transport.send(good.transport.self, { type: 'heartbeat', status: 'active' });
  await good.witness.next('message');
  expect(alice.witness.of('dropped')).toHaveLength(dropped);
  expect(alice.witness.of('disconnected')).toHaveLength(0);
});
