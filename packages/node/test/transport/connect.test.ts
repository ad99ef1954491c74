import { createServer, type Server } from 'node:net';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { afterEach, describe, expect, it } from 'vitest';
import { addressOf, bareAddressOf, connect, networkNumber, newKey, startNode, stopAll } from './world.ts';

const servers: Server[] = [];

afterEach(async () => {
  await stopAll();
  for (const server of servers.splice(0)) server.close();
});

const soon = (): AbortSignal => AbortSignal.timeout(5000);

describe('two nodes', () => {
  it('know the contact that the other proved, and mail goes both ways in order', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    const contact = await alice.transport.connect(addressOf(bob), soon());
    expect(contact).toEqual(bob.transport.self);
    const [toBob, toAlice] = [await alice.witness.next('connected'), await bob.witness.next('connected')];
    expect(toBob.peer).toEqual(bob.transport.self);
    expect(toAlice.peer).toEqual(alice.transport.self);
    // Both have opened a mailbox to the other, which takes a round trip.
    expect(Math.min(toBob.rttMs, toAlice.rttMs)).toBeGreaterThan(0);

    for (let nonce = 0; nonce < 1000; nonce++) alice.transport.send(contact, { type: 'probe', nonce, status: 'active' });
    bob.transport.send(alice.transport.self, { type: 'heartbeat', status: 'joining' });
    expect(await alice.witness.next('message')).toMatchObject({
      from: bob.transport.self,
      message: { type: 'heartbeat', status: 'joining' },
    });
    await bob.witness.until(() => bob.witness.of('message').length === 1000, 'thousandth message');
    const nonces = bob.witness.of('message').map(({ message }) => message.type === 'probe' && message.nonce);
    expect(nonces).toEqual(Array.from({ length: 1000 }, (_, nonce) => nonce));
  });

  it('connect by an address without a peer id, and by one they are connected through already', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    const bare = bareAddressOf(bob);
    expect(await alice.transport.connect(bare, soon())).toEqual(bob.transport.self);
    expect(await alice.transport.connect(addressOf(bob), soon())).toEqual(bob.transport.self);
    expect(await alice.transport.connect(bare, soon())).toEqual(bob.transport.self);
    expect(alice.witness.of('connected')).toHaveLength(1);
    expect(alice.witness.of('disconnected')).toHaveLength(0);
  });

  it('connect by a host name', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    const named = addressOf(bob).replace('/ip4/127.0.0.1', '/dns4/localhost');
    expect(await alice.transport.connect(named, soon())).toEqual(bob.transport.self);
  });

  it('connect when one sends to the other', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    alice.transport.send(bob.transport.self, { type: 'heartbeat', status: 'active' });
    expect((await bob.witness.next('message')).from).toEqual(alice.transport.self);
  });

  it('dial each other at the same moment: both are connected once and nothing is lost', async () => {
    for (let round = 0; round < 10; round++) {
      const [alice, bob] = [await startNode(), await startNode()];
      alice.transport.send(bob.transport.self, { type: 'probe', nonce: 1, status: 'active' });
      bob.transport.send(alice.transport.self, { type: 'probe', nonce: 2, status: 'active' });
      await Promise.all([alice.witness.next('message'), bob.witness.next('message')]);
      for (const { witness } of [alice, bob]) expect(witness.seen.map(({ type }) => type)).toEqual(['connected', 'message']);
      await stopAll();
    }
  });

  it('disconnect when one has given the other up, and connect again with the next message', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    await connect(alice, bob);
    alice.transport.disconnect(bob.transport.self.id);
    await Promise.all([alice.witness.next('disconnected'), bob.witness.next('disconnected')]);
    alice.transport.send(bob.transport.self, { type: 'heartbeat', status: 'active' });
    await bob.witness.next('message');
  });

  it('when one stops, the other gets its last message and is told that the connection closed', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    await connect(alice, bob);
    bob.transport.send(alice.transport.self, { type: 'leaving', done: true });
    await bob.transport.stop();
    expect((await alice.witness.next('disconnected')).peer.id).toEqual(bob.transport.self.id);
    expect(alice.witness.of('message').map(({ message }) => message)).toEqual([{ type: 'leaving', done: true }]);
  });
});

describe('a peer that restarts', () => {
  it('with a higher incarnation takes the place of its former life', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    await connect(bob, alice);
    // The former life is still there, as if its host had lost its connections without a word.
    const reborn = await startNode({ privateKey: bob.init.privateKey, incarnation: 2 });
    await reborn.transport.connect(addressOf(alice), soon());
    expect((await alice.witness.next('disconnected')).peer.incarnation).toBe(1);
    expect((await alice.witness.next('connected')).peer).toEqual(reborn.transport.self);
    alice.transport.send(reborn.transport.self, { type: 'heartbeat', status: 'active' });
    await reborn.witness.next('message');
    expect(bob.witness.of('message')).toHaveLength(0);
  });

  it('is refused with a lower incarnation than it had', async () => {
    const [alice, bob] = [await startNode(), await startNode({ incarnation: 2 })];
    await connect(bob, alice);
    const older = await startNode({ privateKey: bob.init.privateKey, incarnation: 1, limits: { dialTimeoutMs: 1000 } });
    await expect(older.transport.connect(addressOf(alice), soon())).rejects.toThrow();
    expect(alice.witness.of('disconnected')).toHaveLength(0);
    expect(alice.transport.peers().map(({ contact }) => contact.incarnation)).toEqual([2]);
  });

  it('at another port is dialled there once its new contact is known', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    await connect(alice, bob);
    await bob.transport.stop();
    await alice.witness.next('disconnected');
    alice.transport.send(bob.transport.self, { type: 'heartbeat', status: 'active' });
    expect(await alice.witness.next('unreachable')).toMatchObject({ reason: 'refused' });
    const reborn = await startNode({ privateKey: bob.init.privateKey, incarnation: 2 });
    alice.transport.send(reborn.transport.self, { type: 'heartbeat', status: 'active' });
    expect((await reborn.witness.next('message')).from.id).toEqual(alice.transport.self.id);
  });
});

describe('a dial that fails', () => {
  it('at a port where nobody listens is refused, and what was to be sent is dropped', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    const { self } = bob.transport;
    await bob.transport.stop();
    alice.transport.send(self, { type: 'heartbeat', status: 'active' });
    expect(await alice.witness.next('unreachable')).toMatchObject({ peer: self, reason: 'refused' });
    expect(await alice.witness.next('dropped')).toMatchObject({ peer: self, message: { type: 'heartbeat' } });
    await expect(alice.transport.connect(addressOfPort(1), soon())).rejects.toMatchObject({ code: 'refused' });
  });

  it('to an address with the wrong peer id says which peer is there', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    const other = peerIdFromPrivateKey(await newKey());
    const wrong = addressOf(bob).replace(bob.transport.peerId.toString(), other.toString());
    await expect(alice.transport.connect(wrong, soon())).rejects.toMatchObject({
      code: 'identity',
      message: expect.stringContaining(bob.transport.peerId.toString()),
    });
  });

  it('to a peer whose address another one has now is an identity that differs', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    const listen = [bareAddressOf(bob)];
    const { self } = bob.transport;
    await bob.transport.stop();
    await startNode({ listen });
    alice.transport.send(self, { type: 'heartbeat', status: 'active' });
    expect(await alice.witness.next('unreachable')).toMatchObject({ peer: self, reason: 'identity' });
  });

  it('to a host that accepts and stays silent ends in time', async () => {
    const alice = await startNode({ limits: { dialTimeoutMs: 300 } });
    const port = await listenRaw(() => undefined);
    await expect(alice.transport.connect(addressOfPort(port), soon())).rejects.toMatchObject({ code: 'timeout' });
  });

  it('to a host that speaks something else says so', async () => {
    const alice = await startNode();
    const port = await listenRaw((write) => write('HTTP/1.1 400 Bad Request\r\n'.repeat(10)));
    await expect(alice.transport.connect(addressOfPort(port), soon())).rejects.toMatchObject({ code: 'protocol' });
  });

  it('is interrupted by its signal', async () => {
    const alice = await startNode();
    const interrupt = new AbortController();
    const port = await listenRaw(() => interrupt.abort());
    await expect(alice.transport.connect(addressOfPort(port), interrupt.signal)).rejects.toMatchObject({ code: 'aborted' });
  });

  it.each(['no address', '/ip4/127.0.0.1', '/ip4/127.0.0.1/udp/4001/quic-v1', '/ip4/127.0.0.1/tcp/4001/p2p/nobody'])(
    'to %s, which is no address, is refused before anything is tried',
    async (text) => {
      const alice = await startNode();
      await expect(alice.transport.connect(text, soon())).rejects.toMatchObject({ code: 'bad-address' });
    },
  );

  it("to the node's own address says so", async () => {
    const alice = await startNode();
    await expect(alice.transport.connect(addressOf(alice), soon())).rejects.toMatchObject({ code: 'bad-address' });
  });
});

describe('networks', () => {
  it('a node of another network is refused, and both sides say why', async () => {
    const [alice, bob] = [await startNode(), await startNode({ network: networkNumber(2) })];
    await expect(alice.transport.connect(addressOf(bob), soon())).rejects.toMatchObject({ code: 'other-network' });
    await expect(bob.transport.connect(addressOf(alice), soon())).rejects.toMatchObject({ code: 'other-network' });
    alice.transport.send(bob.transport.self, { type: 'heartbeat', status: 'active' });
    expect(await alice.witness.next('unreachable')).toMatchObject({ reason: 'rejected' });
    expect([...alice.witness.of('connected'), ...bob.witness.of('connected')]).toHaveLength(0);
  });

  it('a node without one learns it from the peer that it connects to', async () => {
    const [joiner, member] = [await startNode({ network: undefined }), await startNode()];
    expect(await joiner.transport.connect(addressOf(member), soon())).toEqual(member.transport.self);
    expect((await joiner.witness.next('networkLearned')).network).toEqual(member.transport.network);
    expect(joiner.transport.network).toEqual(member.transport.network);
    await Promise.all([joiner.witness.next('connected'), member.witness.next('connected')]);
    joiner.transport.send(member.transport.self, { type: 'joinRequest', attempt: 1 });
    expect((await member.witness.next('message')).from).toEqual(joiner.transport.self);
  });

  it('a node without one takes none from a peer that connects to it', async () => {
    const [joiner, member] = [await startNode({ network: undefined }), await startNode({ limits: { dialTimeoutMs: 500 } })];
    await expect(member.transport.connect(addressOf(joiner), soon())).rejects.toThrow();
    expect(joiner.transport.network).toBeUndefined();
    expect([...joiner.witness.of('connected'), ...member.witness.of('connected')]).toHaveLength(0);
  });
});

it('connections that nobody needs are closed', async () => {
  const hub = await startNode({ surplus: (connections) => connections.slice(0, Math.max(0, connections.length - 2)) });
  const peers = [await startNode(), await startNode(), await startNode()] as const;
  for (const peer of peers) await connect(hub, peer);
  const { peer } = await hub.witness.next('disconnected');
  expect(peer.id).toEqual(peers[0].transport.self.id);
  await peers[0].witness.next('disconnected');
  expect(hub.transport.peers().map(({ contact }) => contact.id.hex)).toEqual(
    [peers[1], peers[2]].map(({ transport }) => transport.self.id.hex),
  );
});

it('a peer is connected to without anything being sent', async () => {
  const [a, b] = [await startNode(), await startNode()];
  a.transport.reach(b.transport.self);
  expect((await b.witness.next('connected')).peer.id).toEqual(a.transport.self.id);
  expect((await a.witness.next('connected')).peer.id).toEqual(b.transport.self.id);
});

function addressOfPort(port: number): string {
  return `/ip4/127.0.0.1/tcp/${port}`;
}

/** A TCP server that is no libp2p node. */
async function listenRaw(onConnection: (write: (text: string) => void) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onConnection((text) => socket.write(text));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return address.port;
}
