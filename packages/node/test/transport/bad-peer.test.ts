import { encodeFrame, type Hello } from '@dht/wire';
import { afterEach, describe, expect, it } from 'vitest';
import { networkOf } from '../../src/transport/membership.ts';
import { blockProtocol, mailProtocol } from '../../src/transport/protocols.ts';
import { closed, connect, helloOf, newRecord, type Stranger, sayHello, startNode, startStranger, stopAll, type TestNode } from './world.ts';

afterEach(stopAll);

/** A victim, a stranger, and a proof that the victim goes on serving good peers. */
async function scene(helloTimeoutMs = 5000): Promise<{ victim: TestNode; stranger: Stranger; stillServes(): Promise<void> }> {
  const [victim, stranger] = [await startNode({ limits: { helloTimeoutMs } }), await startStranger()];
  const stillServes = async (): Promise<void> => {
    const good = await startNode();
    await connect(good, victim);
    good.transport.send(victim.transport.self, { type: 'heartbeat', status: 'active' });
    await victim.witness.next('message');
    expect(victim.witness.of('message').map(({ from }) => from)).toEqual([good.transport.self]);
  };
  return { victim, stranger, stillServes };
}

const heartbeat = encodeFrame({ type: 'heartbeat', status: 'active' });

describe('a mailbox is closed, and nothing else happens, when it starts with', () => {
  it.each<[string, Uint8Array]>([
    ['random bytes', Uint8Array.from({ length: 300 }, (_, i) => (i * 131) & 0xff)],
    ['a frame above the limit', Uint8Array.of(0xff, 0xff, 0xff, 0x7f)],
    ['a length without end', new Uint8Array(20).fill(0x80)],
    ['a message instead of Hello', heartbeat],
    ['an empty frame', Uint8Array.of(0)],
  ])('%s', async (_, bytes) => {
    const { victim, stranger, stillServes } = await scene();
    const stream = await stranger.open(victim, mailProtocol);
    stream.send(bytes);
    await closed(stream);
    await stillServes();
  });

  it('nothing at all', async () => {
    const { victim, stranger, stillServes } = await scene(800);
    await closed(await stranger.open(victim, mailProtocol));
    await stillServes();
  });

  it('half a Hello', async () => {
    const { victim, stranger, stillServes } = await scene(800);
    const stream = await stranger.open(victim, mailProtocol);
    stream.send((await helloOf(stranger)).subarray(0, 40));
    await closed(stream);
    await stillServes();
  });

  it.each<[string, () => Promise<Partial<Hello>>]>([
    ["another peer's record", async () => ({ address: await newRecord() })],
    ['no record', async () => ({ address: new Uint8Array(0) })],
    ['a network id that is not the hash of its descriptor', async () => ({ networkId: new Uint8Array(32).fill(1) })],
    ['another network', async () => otherNetwork()],
    ['a version from the future', async () => ({ versionMin: 7, versionMax: 9 })],
  ])('a Hello with %s', async (_, change) => {
    const { victim, stranger, stillServes } = await scene();
    const stream = await stranger.open(victim, mailProtocol);
    stream.send(await helloOf(stranger, await change()));
    await closed(stream);
    expect(victim.witness.of('connected')).toHaveLength(0);
    await stillServes();
  });
});

describe('a peer that said Hello is disconnected when it then sends', () => {
  it.each<[string, Uint8Array]>([
    ['garbage', Uint8Array.of(5, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ['a frame above the limit', Uint8Array.of(0xff, 0xff, 0xff, 0x7f)],
    ['a message cut off at the end of the stream', heartbeat.subarray(0, -1)],
  ])('%s', async (_, bytes) => {
    const { victim, stranger } = await scene();
    const stream = await sayHello(victim, stranger);
    stream.send(heartbeat);
    await victim.witness.next('message');
    stream.send(bytes);
    await stream.close();
    expect((await victim.witness.next('disconnected')).peer.id).toEqual(victim.witness.of('connected')[0]?.peer.id);
  });
});

it('a peer that asks something unknown is told so, and what it says unasked is passed over', async () => {
  const { victim, stranger } = await scene();
  const stream = await sayHello(victim, stranger);
  // Field 1, the request {origin, incarnation 1, counter 1}; field 9000 with two bytes, a message from the future.
  const request = [0x0a, 38, 0x0a, 32, ...new Array(32).fill(7), 0x10, 1, 0x18, 1];
  const body = [0xc2, 0xb2, 0x04, 2, 0x08, 1];
  stream.send(Uint8Array.from([body.length, ...body]));
  stream.send(Uint8Array.from([request.length + body.length, ...request, ...body]));
  stream.send(heartbeat);
  expect(await victim.witness.next('message')).toMatchObject({ message: { type: 'heartbeat' } });
  const reply = await stranger.nextFrame();
  expect(reply.kind).toBe('unsupported');
});

it('a peer that connects and then wants nothing is let go', async () => {
  const victim = await startNode({ limits: { upkeepMs: 100, strangerMs: 200 } });
  const stranger = await startStranger();
  const stream = await stranger.open(victim, '/ipfs/ping/1.0.0');
  await stream.close();
  await stranger.disconnected;
});

it('blocks from a peer that has not said Hello are refused', async () => {
  const { victim, stranger, stillServes } = await scene();
  // The stream may be gone before its opener knows that it was open.
  const stream = await stranger.open(victim, blockProtocol).catch(() => undefined);
  if (stream !== undefined) await closed(stream);
  expect(victim.witness.of('block')).toHaveLength(0);
  await stillServes();
});

function otherNetwork(): Partial<Hello> {
  const other = networkOf({ nonce: new Uint8Array(32).fill(9), replicas: 3, writeQuorum: 2, formatVersion: 1 });
  return { networkId: Buffer.from(other.id, 'hex'), network: other.descriptor };
}
