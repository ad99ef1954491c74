import { createHash, randomBytes } from 'node:crypto';
import { Id } from '@dht/overlay';
import type { TransferHeader } from '@dht/storage';
import { encodeTransferHeader } from '@dht/wire';
import type { Stream } from '@libp2p/interface';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeAcknowledgement } from '../../src/transport/acknowledgement.ts';
import { blockProtocol } from '../../src/transport/protocols.ts';
import { closed, connect, sayHello, startNode, startStranger, stopAll, type TestNode } from './world.ts';

afterEach(stopAll);

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
/** What may be on the way and not taken, with the chunk that goes over it. */
const inFlightBytesMax = 2 * mebibyte + 128 * kibibyte;

function headerOf(bytes: Uint8Array, from: TestNode, counter: number): TransferHeader {
  const digest = createHash('sha256').update(bytes).digest();
  const multihash = Uint8Array.from([0x12, 0x20, ...digest]);
  const key = Id.fromBytes(createHash('sha256').update(multihash).digest());
  return {
    request: { origin: from.transport.self.id, incarnation: 1, counter },
    purpose: 'put',
    block: { key, multihash, size: bytes.length },
  };
}

function transfer(from: TestNode, to: TestNode, bytes: Uint8Array, counter = 1): Promise<'sent' | 'failed'> {
  return new Promise((resolve) => from.transport.transfer(to.transport.self, headerOf(bytes, from, counter), bytes, resolve));
}

describe('blocks', () => {
  it('of all sizes come in order and whole, while messages go beside them', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    const blocks = [0, 1, 100, 64 * kibibyte, 128 * kibibyte, 128 * kibibyte + 1, 2 * mebibyte].map((size) => randomBytes(size));
    const outcomes = blocks.map((bytes, counter) => transfer(alice, bob, bytes, counter));
    for (let nonce = 0; nonce < 100; nonce++) alice.transport.send(bob.transport.self, { type: 'probe', nonce, status: 'active' });
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['sent']));
    await bob.witness.until(() => bob.witness.of('block').length === blocks.length, 'last block');
    for (const [i, { from, header, bytes }] of bob.witness.of('block').entries()) {
      expect(from).toEqual(alice.transport.self);
      expect(header).toEqual(headerOf(blocks[i] as Buffer, alice, i));
      expect(Buffer.compare(bytes, blocks[i] as Buffer)).toBe(0);
    }
    await bob.witness.until(() => bob.witness.of('message').length === 100, 'last message');
  });

  it('go both ways at once', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    await connect(alice, bob);
    const blocks = Array.from({ length: 20 }, () => randomBytes(mebibyte));
    const outcomes = blocks.flatMap((bytes, i) => [transfer(alice, bob, bytes, i), transfer(bob, alice, bytes, i)]);
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['sent']));
    for (const { witness } of [alice, bob]) await witness.until(() => witness.of('block').length === blocks.length, 'last block');
  });

  it('wait at the sender while the receiver is busy, and messages still come through', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    await connect(alice, bob);
    const busy = Promise.withResolvers<void>();
    bob.witness.onBlock = () => busy.promise;
    const bytes = randomBytes(512 * kibibyte);
    let sent = 0;
    const outcomes = Array.from({ length: 40 }, async (_, counter) => {
      expect(await transfer(alice, bob, bytes, counter)).toBe('sent');
      sent++;
    });
    await bob.witness.next('block');
    for (let nonce = 0; nonce < 20; nonce++) {
      alice.transport.send(bob.transport.self, { type: 'probe', nonce, status: 'active' });
      await bob.witness.next('message');
    }
    expect(bob.witness.of('block')).toHaveLength(1);
    expect(sent * bytes.length).toBeLessThanOrEqual(inFlightBytesMax + bytes.length);
    busy.resolve();
    await Promise.all(outcomes);
    await bob.witness.until(() => bob.witness.of('block').length === 40, 'last block');
  });
});

describe('a transfer fails, once,', () => {
  it('when the peer cannot be reached', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    await bob.transport.stop();
    expect(await transfer(alice, bob, randomBytes(1000))).toBe('failed');
  });

  it('when the connection breaks under it', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    await connect(alice, bob);
    bob.witness.onBlock = () => new Promise(() => undefined);
    const outcomes = Array.from({ length: 20 }, (_, counter) => transfer(alice, bob, randomBytes(mebibyte), counter));
    await bob.witness.next('block');
    await bob.transport.stop();
    const settled = await Promise.all(outcomes);
    expect(settled.filter((outcome) => outcome === 'failed').length).toBeGreaterThan(10);
  });

  it('when more is queued than may be', async () => {
    const [alice, bob] = [await startNode({ limits: { transfersMax: 3 } }), await startNode()];
    const outcomes = await Promise.all(Array.from({ length: 5 }, (_, counter) => transfer(alice, bob, randomBytes(1000), counter)));
    expect(outcomes).toEqual(['sent', 'sent', 'sent', 'failed', 'failed']);
  });

  it('when the receiver takes nothing for too long', async () => {
    const [alice, bob] = [await startNode({ limits: { transferStallMs: 300 } }), await startNode()];
    await connect(alice, bob);
    bob.witness.onBlock = () => new Promise(() => undefined);
    const outcomes = Array.from({ length: 5 }, (_, counter) => transfer(alice, bob, randomBytes(mebibyte), counter));
    expect(await Promise.all(outcomes)).toContain('failed');
    expect(alice.transport.peers()).toHaveLength(1);
  });

  it('when the receiver acknowledges what was never sent', async () => {
    const [alice, stranger] = [await startNode(), await startStranger()];
    const streams: Stream[] = [];
    await stranger.handle(blockProtocol, (stream) => {
      streams.push(stream);
      stream.send(encodeAcknowledgement(10 ** 9));
    });
    await sayHello(alice, stranger);
    const [peer] = alice.transport.peers();
    const bytes = randomBytes(2 * mebibyte);
    const outcome = new Promise((resolve) => peer && alice.transport.transfer(peer.contact, headerOf(bytes, alice, 1), bytes, resolve));
    expect(await outcome).toBe('failed');
    await closed(streams[0] as Stream);
  });
});

describe('a peer that sends blocks', () => {
  it.each<[string, (header: Uint8Array) => Uint8Array]>([
    ['with a header of garbage', () => Uint8Array.of(4, 0xff, 0xff, 0xff, 0xff)],
    ['with a header above the limit', () => Uint8Array.of(0xff, 0x7f)],
    ['and ends within one', (header) => header],
  ])('%s is disconnected', async (_, bytes) => {
    const [alice, stranger] = [await startNode(), await startStranger()];
    await sayHello(alice, stranger);
    const stream = await stranger.open(alice, blockProtocol);
    stream.send(bytes(encodeTransferHeader(headerOf(randomBytes(100), alice, 1))));
    await stream.close();
    await alice.witness.next('disconnected');
    expect(alice.witness.of('block')).toHaveLength(0);
  });
});
