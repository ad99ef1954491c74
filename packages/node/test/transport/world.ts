import { randomBytes } from 'node:crypto';
import type { Contact } from '@dht/overlay';
import type { Message, TransferHeader } from '@dht/storage';
import { type DecodedFrame, decodeFrame, encodeHello, type Hello, supportedVersions } from '@dht/wire';
import { generateKeyPair } from '@libp2p/crypto/keys';
import type { PrivateKey, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { Libp2p } from 'libp2p';
import { sealRecord } from '../../src/transport/address-book.ts';
import { createNode } from '../../src/transport/libp2p-node.ts';
import { createLibp2pTransport, type Libp2pTransport, type Libp2pTransportInit } from '../../src/transport/libp2p-transport.ts';
import { frames } from '../../src/transport/mail-source.ts';
import { type Network, networkOf } from '../../src/transport/membership.ts';
import { mailProtocol } from '../../src/transport/protocols.ts';
import { streamSource } from '../../src/transport/stream-source.ts';

type Seen =
  | { readonly type: 'message'; readonly from: Contact; readonly message: Message }
  | { readonly type: 'block'; readonly from: Contact; readonly header: TransferHeader; readonly bytes: Uint8Array }
  | { readonly type: 'connected'; readonly peer: Contact; readonly rttMs: number }
  | { readonly type: 'disconnected'; readonly peer: Contact }
  | { readonly type: 'selfChanged'; readonly peer: Contact }
  | { readonly type: 'unreachable'; readonly peer: Contact; readonly reason: string }
  | { readonly type: 'dropped'; readonly peer: Contact; readonly message: Message }
  | { readonly type: 'networkLearned'; readonly network: Network };

type SeenOf<T extends Seen['type']> = Extract<Seen, { readonly type: T }>;

const patienceMs = 8000;

const testNetwork: Network = networkNumber(1);

export function networkNumber(number: number): Network {
  return networkOf({ nonce: new Uint8Array(32).fill(number), replicas: 3, writeQuorum: 2, formatVersion: 1 });
}

/** Everything a transport told its driver, in order, and a way to wait for the next of a kind. */
class Witness {
  readonly seen: Seen[] = [];
  /** Called for every block; what it returns holds up the sender. */
  onBlock: () => void | Promise<void> = () => undefined;
  #waiting: (() => void)[] = [];
  #taken = new Set<Seen>();

  note(event: Seen): void {
    this.seen.push(event);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  of<T extends Seen['type']>(type: T): SeenOf<T>[] {
    return this.seen.filter((event): event is SeenOf<T> => event.type === type);
  }

  /** The next event of this kind that no call before has returned. */
  async next<T extends Seen['type']>(type: T): Promise<SeenOf<T>> {
    const find = (): SeenOf<T> | undefined => this.of(type).find((event) => !this.#taken.has(event));
    await this.until(() => find() !== undefined, `event ${type}`);
    const event = find() as SeenOf<T>;
    this.#taken.add(event);
    return event;
  }

  /** Resolves when `condition` holds, looked at after every event. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = AbortSignal.timeout(patienceMs);
    while (!condition()) {
      const event = new Promise<void>((resolve) => this.#waiting.push(resolve));
      const timeout = new Promise<never>((_, reject) => {
        const onAbort = (): void => reject(new Error(`no ${what} within ${patienceMs} ms; seen: ${this.seen.map(({ type }) => type)}`));
        deadline.addEventListener('abort', onAbort, { once: true });
      });
      await Promise.race([event, timeout]);
    }
  }
}

export interface TestNode {
  readonly transport: Libp2pTransport;
  readonly witness: Witness;
  readonly init: Libp2pTransportInit;
}

const running: Libp2pTransport[] = [];

/** A transport on a free port of 127.0.0.1. */
export async function startNode(given: Partial<Libp2pTransportInit> = {}): Promise<TestNode> {
  const witness = new Witness();
  let addressSeq = Number(given.incarnation ?? 1) * 1000;
  const init: Libp2pTransportInit = {
    privateKey: await newKey(),
    incarnation: 1,
    storeId: randomBytes(16).toString('hex'),
    role: 'full',
    network: testNetwork,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    listenChosen: true,
    nextAddressSeq: () => ++addressSeq,
    events: {
      message: (from, message) => witness.note({ type: 'message', from, message }),
      block: (from, header, bytes) => {
        witness.note({ type: 'block', from, header, bytes });
        return witness.onBlock();
      },
      connected: (peer, rttMs) => witness.note({ type: 'connected', peer, rttMs }),
      disconnected: (peer) => witness.note({ type: 'disconnected', peer }),
      unreachable: (peer, reason) => witness.note({ type: 'unreachable', peer, reason }),
      dropped: (peer, message) => witness.note({ type: 'dropped', peer, message }),
      selfChanged: (peer) => witness.note({ type: 'selfChanged', peer }),
      networkLearned: (network) => witness.note({ type: 'networkLearned', network }),
    },
    ...given,
  };
  const transport = await createLibp2pTransport(init);
  running.push(transport);
  return { transport, witness, init };
}

export function newKey(): Promise<PrivateKey> {
  return generateKeyPair('Ed25519');
}

export async function stopAll(): Promise<void> {
  await Promise.all([...running.splice(0), ...strangers.splice(0)].map((node) => node.stop()));
}

export function addressOf(node: TestNode): string {
  const [address] = node.transport.multiaddrs();
  if (address === undefined) throw new Error('the node listens nowhere');
  return address;
}

/** Without `/p2p/…`. */
export function bareAddressOf(node: TestNode): string {
  const [bare] = addressOf(node).split('/p2p/');
  return bare as string;
}

/** Connects `from` to `to` and waits until both know it. */
export async function connect(from: TestNode, to: TestNode): Promise<void> {
  await from.transport.connect(addressOf(to), AbortSignal.timeout(patienceMs));
  await Promise.all([from.witness.next('connected'), to.witness.next('connected')]);
}

export interface Stranger {
  readonly privateKey: PrivateKey;
  open(node: TestNode, protocol: string): Promise<Stream>;
  handle(protocol: string, handler: (stream: Stream) => void): Promise<void>;
  /** Resolves when a connection of the stranger closes. */
  readonly disconnected: Promise<void>;
  /** From its first message on, mail stays where it is. */
  stopReading(): void;
  /** What the node's mailbox to the stranger says next, Hello left out. */
  nextFrame(): Promise<DecodedFrame>;
}

/** A libp2p node that takes mail and says nothing by itself, to misbehave with. */
export async function startStranger(): Promise<Stranger> {
  const privateKey = await newKey();
  const { libp2p } = await createNode({ privateKey, listen: [], mayDial: () => true, connectionsMax: 10 });
  const mail = Promise.withResolvers<AsyncGenerator<Uint8Array[]>>();
  let isReading = true;
  await libp2p.handle(mailProtocol, (stream) => {
    if (isReading) mail.resolve(frames(streamSource(stream, 1 << 20)));
    else stream.addEventListener('message', () => stream.pause(), { once: true });
  });
  const disconnected = new Promise<void>((resolve) => libp2p.addEventListener('connection:close', () => resolve(), { once: true }));
  await libp2p.start();
  strangers.push(libp2p);
  const received: Uint8Array[] = [];
  let isHelloTaken = false;
  const nextFrame = async (): Promise<DecodedFrame> => {
    const batches = await mail.promise;
    while (true) {
      if (!isHelloTaken && received.shift() !== undefined) isHelloTaken = true;
      const frame = isHelloTaken ? received.shift() : undefined;
      if (frame !== undefined) return decodeFrame(frame);
      received.push(...((await batches.next()).value ?? []));
    }
  };
  return {
    privateKey,
    open: (node, protocol) => libp2p.dialProtocol(multiaddr(addressOf(node)), protocol),
    handle: (protocol, handler) => libp2p.handle(protocol, handler),
    disconnected,
    stopReading: () => {
      isReading = false;
    },
    nextFrame,
  };
}

const strangers: Libp2p[] = [];

/** A signed peer record, of a fresh peer when none is given. */
export async function newRecord(privateKey?: PrivateKey): Promise<Uint8Array> {
  return sealRecord(privateKey ?? (await newKey()), [multiaddr('/ip4/127.0.0.1/tcp/1')], 1);
}

/** Resolves when `stream` is closed, by whomever. */
export async function closed(stream: Stream): Promise<void> {
  if (stream.status !== 'open') return;
  await new Promise<void>((resolve) => stream.addEventListener('close', () => resolve(), { once: true }));
}

/** A Hello that a node of the test network welcomes, unless changed. */
export async function helloOf(stranger: Stranger, change: Partial<Hello> = {}): Promise<Uint8Array> {
  return encodeHello({
    ...supportedVersions,
    features: 0,
    networkId: Buffer.from(testNetwork.id, 'hex'),
    network: testNetwork.descriptor,
    incarnation: 1,
    storeId: '00'.repeat(16),
    role: 'full',
    streamSequence: 1,
    address: await newRecord(stranger.privateKey),
    ...change,
  });
}

/** Says Hello as the stranger and answers the victim's, so that both are connected. */
export async function sayHello(victim: TestNode, stranger: Stranger): Promise<Stream> {
  const stream = await stranger.open(victim, mailProtocol);
  stream.send(await helloOf(stranger));
  await victim.witness.next('connected');
  return stream;
}
