import { afterEach, expect, it } from 'vitest';
import { addressOf, connect, startNode, stopAll } from './world.ts';

afterEach(stopAll);

it('two nodes connect, each knows the contact that the other proved, and mail goes both ways in order', async () => {
  const [alice, bob] = [await startNode(), await startNode()];
  const contact = await alice.transport.connect(addressOf(bob), AbortSignal.timeout(5000));
  expect(contact).toEqual(bob.transport.self);
  expect((await alice.witness.next('connected')).peer).toEqual(bob.transport.self);
  expect((await bob.witness.next('connected')).peer).toEqual(alice.transport.self);

  for (let nonce = 0; nonce < 1000; nonce++) alice.transport.send(contact, { type: 'probe', nonce, status: 'active' });
  bob.transport.send(alice.transport.self, { type: 'heartbeat', status: 'joining' });
  expect(await alice.witness.next('message')).toEqual({
    type: 'message',
    from: bob.transport.self,
    message: { type: 'heartbeat', status: 'joining' },
  });
  await bob.witness.until(() => bob.witness.of('message').length === 1000, 'thousandth message');
  expect(bob.witness.of('message').map(({ message }) => message.type === 'probe' && message.nonce)).toEqual(
    Array.from({ length: 1000 }, (_, nonce) => nonce),
  );
});

it('a message to a peer that is not connected dials it', async () => {
  const [alice, bob] = [await startNode(), await startNode()];
  alice.transport.send(bob.transport.self, { type: 'heartbeat', status: 'active' });
  const { from } = await bob.witness.next('message');
  expect(from).toEqual(alice.transport.self);
});

it('when one side stops, the other is told that the connection closed', async () => {
  const [alice, bob] = [await startNode(), await startNode()];
  await connect(alice, bob);
  await bob.transport.stop();
  expect((await alice.witness.next('disconnected')).peer.id).toEqual(bob.transport.self.id);
});
