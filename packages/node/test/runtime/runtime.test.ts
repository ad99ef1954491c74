import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { type Contact, Id, InvariantError, type Now, type OverlayView } from '@dht/overlay';
import type { BlockRef, CoreInput, CoreOutput, Handle, Message, PutResult, TransferHeader } from '@dht/storage';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type DrivenCore, Runtime } from '../../src/runtime/runtime.ts';
import { type BlockStore, StoreError } from '../../src/store/block-store.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { type TestBlock, testBlock } from '../support/blocks.ts';
import { holders } from '../support/memory-exchange.ts';

const mebibyte = 1024 * 1024;
const peer: Contact = { id: Id.fromBigInt(7n), incarnation: 1, role: 'full', address: new Uint8Array(), addressSeq: 1 };
const heartbeat: Message = { type: 'heartbeat', status: 'active' };
const stored: PutResult = { outcome: 'stored', holders: holders(2), settled: false, shortfall: 'none' };

/** A core that answers as the test says, and writes down what it was told. */
class ScriptedCore implements DrivenCore {
  readonly inputs: CoreInput[] = [];
  readonly times: Now[] = [];
  deadlineMs = Number.POSITIVE_INFINITY;
  answer: (input: CoreInput) => readonly CoreOutput[] = () => [];
  readonly overlay = {} as OverlayView;

  step(input: CoreInput, now: Now): readonly CoreOutput[] {
    this.inputs.push(input);
    this.times.push(now);
    return this.answer(input);
  }

  nextDeadline(): number {
    return this.deadlineMs;
  }

  get types(): string[] {
    return this.inputs.map(({ type }) => type);
  }

  /** Resolves when an input of this type has been taken. */
  async told<T extends CoreInput['type']>(type: T): Promise<Extract<CoreInput, { type: T }>> {
    for (;;) {
      const found = this.inputs.find((input) => input.type === type);
      if (found !== undefined) return found as Extract<CoreInput, { type: T }>;
      await new Promise(setImmediate);
    }
  }
}

class MemoryStore implements BlockStore {
  readonly held = new Map<string, TestBlock>();
  failure: StoreError | undefined;
  readonly blocks = 0;
  readonly bytes = 0;

  async put(block: BlockRef, bytes: Uint8Array): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.held.set(block.key.hex, { ...block, bytes });
  }
  async get(key: Id): Promise<Uint8Array | undefined> {
    if (this.failure !== undefined) throw this.failure;
    return this.held.get(key.hex)?.bytes;
  }
  sizeOf(key: Id): number {
    return this.held.get(key.hex)?.size ?? -1;
  }
  list(): { blocks: BlockRef[]; more: boolean } {
    return { blocks: [...this.held.values()], more: false };
  }
  async delete(key: Id): Promise<boolean> {
    return this.held.delete(key.hex);
  }
}

class ScriptedTransport implements Transport {
  readonly self = peer;
  readonly log: string[] = [];
  multiaddrs(): readonly string[] {
    return [];
  }
  async connect(): Promise<Contact> {
    return peer;
  }
  reach(to: Contact): void {
    this.log.push(`reach ${to.id}`);
  }
  send(_to: Contact, message: Message): void {
    this.log.push(message.type);
  }
  transfer(_to: Contact, _header: TransferHeader, bytes: Uint8Array, done: (outcome: 'sent' | 'failed') => void): void {
    this.log.push(`transfer of ${bytes.length}`);
    done('sent');
  }
  async stop(): Promise<void> {}
}

function setUp() {
  const core = new ScriptedCore();
  const store = new MemoryStore();
  const transport = new ScriptedTransport();
  const log = transport.log;
  const fatal: unknown[] = [];
  const runtime = new Runtime({
    store,
    onEvent: (event) => log.push(`event ${event.type}`),
    onDiskError: () => {},
    onFatal: (error) => fatal.push(error),
  });
  onTestFinished(() => runtime.stop());
  runtime.start(core, transport);
  return { core, store, transport, runtime, log, fatal };
}

function headerOf(block: BlockRef): TransferHeader {
  return { request: { origin: peer.id, incarnation: 1, counter: 1 }, purpose: 'put', block };
}

describe('a turn', () => {
  test('carries outputs out in their order, and what the disk answers at once is stepped within it', () => {
    const { core, runtime, log, store } = setUp();
    const block = testBlock(1);
    store.held.set(block.key.hex, block);
    core.answer = (input) => {
      if (input.type === 'create') {
        return [
          { type: 'send', to: peer, message: heartbeat },
          { type: 'has', ref: 1, keys: [block.key, testBlock(2).key] },
          { type: 'event', event: { type: 'rememberedChanged' } },
        ];
      }
      return input.type === 'hasDone' ? [{ type: 'send', to: peer, message: { type: 'tableRequest', row: input.sizes.length } }] : [];
    };
    runtime.create();
    expect(log).toEqual(['heartbeat', 'event rememberedChanged', 'tableRequest']);
    expect(core.inputs.at(-1)).toEqual({ type: 'hasDone', ref: 1, sizes: [100, -1] });
  });

  test('takes what arrived before the core was there', () => {
    const core = new ScriptedCore();
    const runtime = new Runtime({ store: new MemoryStore(), onEvent: () => {}, onDiskError: () => {}, onFatal: () => {} });
    runtime.message(peer, heartbeat);
    runtime.connected(peer, 1);
    runtime.start(core, new ScriptedTransport());
    expect(core.types).toEqual(['message', 'peerConnected']);
    runtime.stop();
  });

  test('in which an invariant breaks is the last one', () => {
    const { core, runtime, fatal } = setUp();
    core.answer = () => [{ type: 'release', handle: 99 }];
    runtime.create();
    runtime.create();
    expect(core.types).toEqual(['create']);
    expect(fatal).toEqual([expect.any(InvariantError)]);
  });
});

describe('a deadline', () => {
  test('comes with how late it is, behind what can be read from sockets', async () => {
    const { core, runtime } = setUp();
    const server = createServer((socket) => socket.on('data', () => runtime.message(peer, heartbeat))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    onTestFinished(() => {
      socket.destroy();
      server.close();
    });
    await once(socket, 'connect');
    core.answer = (input) => {
      if (input.type === 'timeout') core.deadlineMs = Number.POSITIVE_INFINITY;
      return [];
    };
    core.deadlineMs = performance.now() + 5;
    runtime.create();
    await new Promise((resolve) => socket.write('x', resolve));
    // The process is stopped: afterwards both the timer and the socket are due.
    const untilMs = performance.now() + 60;
    while (performance.now() < untilMs);
    const { lateMs } = await core.told('timeout');
    expect(core.types).toEqual(['create', 'message', 'timeout']);
    expect(lateMs).toBeGreaterThan(30);
  });

  test('that moves forward is kept, and one that moves back does not come early', async () => {
    const { core, runtime } = setUp();
    core.deadlineMs = performance.now() + 1;
    runtime.create();
    core.deadlineMs = performance.now() + 30;
    core.answer = (input) => {
      if (input.type === 'timeout') core.deadlineMs = Number.POSITIVE_INFINITY;
      return [];
    };
    await core.told('timeout');
    expect(core.times.at(-1)!.monoMs - core.times[0]!.monoMs).toBeGreaterThan(29);
  });
});

describe('a command', () => {
  test('to put is answered at w and again when it is settled; the bytes are released by the core', async () => {
    const { core, runtime } = setUp();
    const block = testBlock(1);
    const put = runtime.put(block, block.bytes, { timeoutMs: 1000 });
    const { ref, handle } = await core.told('put');
    expect(runtime.handles.get(handle)).toBe(block.bytes);
    core.answer = () => [
      { type: 'putDone', ref, result: stored },
      { type: 'release', handle },
      { type: 'putDone', ref, result: { ...stored, holders: holders(3), settled: true } },
    ];
    runtime.create();
    expect(await put.acknowledged).toEqual(stored);
    expect((await put.settled).holders).toHaveLength(3);
    await put.released;
    expect(runtime.handles.count).toBe(0);
  });

  test('to get hands the bytes over and keeps none', async () => {
    const { core, runtime, store } = setUp();
    const block = testBlock(1);
    store.held.set(block.key.hex, block);
    core.answer = (input) => {
      if (input.type === 'get') return [{ type: 'read', ref: 5, key: input.key }];
      if (input.type !== 'readDone' || input.outcome !== 'read') return [];
      return [{ type: 'getDone', ref: 1, result: { outcome: 'found', handle: input.handle, size: input.size } }];
    };
    expect(await runtime.get(block.key, block.multihash, { timeoutMs: 1000 })).toEqual({ outcome: 'found', bytes: block.bytes });
    expect(runtime.handles.count).toBe(0);
  });

  test('that is aborted is cancelled; those still open at the end are answered', async () => {
    const { core, runtime } = setUp();
    const abort = new AbortController();
    const block = testBlock(1);
    const lookup = runtime.lookup(block.key, 'recursive', { timeoutMs: 1000, signal: abort.signal });
    abort.abort();
    const { ref } = await core.told('cancel');
    core.answer = () => [{ type: 'lookupDone', ref, result: { outcome: 'cancelled' } }];
    runtime.create();
    expect(await lookup).toEqual({ outcome: 'cancelled' });

    const put = runtime.put(block, block.bytes, { timeoutMs: 1000 });
    const get = runtime.get(block.key, block.multihash, { timeoutMs: 1000 });
    runtime.stop();
    expect(await put.settled).toMatchObject({ outcome: 'cancelled', holders: [] });
    expect(await get).toEqual({ outcome: 'cancelled' });
  });
});

describe('a block that arrives', () => {
  test('waits behind messages', async () => {
    const { core, runtime } = setUp();
    const block = testBlock(1);
    void runtime.block(peer, headerOf(block), block.bytes);
    runtime.message(peer, heartbeat);
    const { handle } = await core.told('blockArrived');
    expect(core.types).toEqual(['message', 'blockArrived']);
    expect(runtime.handles.get(handle)).toBe(block.bytes);
  });

  test.each([
    ['other bytes', (block: TestBlock) => ({ ...block, bytes: testBlock(2).bytes })],
    ['another size', (block: TestBlock) => ({ ...block, size: 99 })],
    ['another key', (block: TestBlock) => ({ ...block, key: testBlock(2).key })],
    ['another hash function', (block: TestBlock) => ({ ...block, multihash: Uint8Array.from([0x1b, ...block.multihash.subarray(1)]) })],
    ['a cut hash', (block: TestBlock) => ({ ...block, multihash: block.multihash.subarray(0, 33) })],
  ])('with %s is corrupt', async (_, spoil) => {
    const { core, runtime } = setUp();
    const { bytes, ...block } = spoil(testBlock(1));
    void runtime.block(peer, headerOf(block), bytes);
    await core.told('blockCorrupt');
    expect(runtime.handles.count).toBe(0);
  });

  test('holds its sender up while too many bytes wait for the disk', async () => {
    const { core, runtime } = setUp();
    const block = testBlock(1, 2 * mebibyte);
    const taken: number[] = [];
    for (let i = 0; i < 40; i++) void runtime.block(peer, headerOf(block), block.bytes).then(() => taken.push(i));
    const arrived = (): Handle[] => core.inputs.flatMap((input) => (input.type === 'blockArrived' ? [input.handle] : []));
    while (arrived().length < 32) await new Promise(setImmediate);
    expect(taken).toHaveLength(32);
    expect(runtime.handles.bytes).toBe(64 * mebibyte);
    core.answer = (input) => (input.type === 'create' ? arrived().map((handle) => ({ type: 'release', handle })) : []);
    runtime.create();
    while (arrived().length < 40) await new Promise(setImmediate);
    expect(taken).toHaveLength(40);
  });
});

describe('the disk', () => {
  test.each([
    ['full', 'full'],
    ['io', 'failed'],
  ] as const)('that fails a write with %s is answered with %s', async (code, outcome) => {
    const { core, runtime, store } = setUp();
    store.failure = new StoreError(code, 'x');
    const block = testBlock(1);
    core.answer = (input) => (input.type === 'put' ? [{ type: 'write', ref: 3, block, handle: input.handle }] : []);
    runtime.put(block, block.bytes, { timeoutMs: 1000 });
    expect(await core.told('writeDone')).toEqual({ type: 'writeDone', ref: 3, outcome });
  });

  test('is read no faster than the core lets go of what was read', async () => {
    const { core, runtime, store } = setUp();
    const block = testBlock(1, 2 * mebibyte);
    store.held.set(block.key.hex, block);
    core.answer = (input) =>
      input.type === 'create' ? Array.from({ length: 40 }, (_, ref) => ({ type: 'read', ref, key: block.key })) : [];
    runtime.create();
    const read = (): Handle[] =>
      core.inputs.flatMap((input) => (input.type === 'readDone' && input.outcome === 'read' ? [input.handle] : []));
    while (read().length < 32) await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(read()).toHaveLength(32);
    const handles = read();
    core.answer = (input) => (input.type === 'join' ? handles.map((handle) => ({ type: 'release', handle })) : []);
    runtime.join([]);
    while (read().length < 40) await new Promise(setImmediate);
  });

  test('says absent, corrupt or failed', async () => {
    for (const [failure, outcome] of [
      [undefined, 'absent'],
      [new StoreError('corrupt', 'x'), 'corrupt'],
      [new StoreError('io', 'x'), 'failed'],
    ] as const) {
      const { core, runtime, store } = setUp();
      const block = testBlock(1);
      if (failure !== undefined) store.held.set(block.key.hex, block);
      store.failure = failure;
      core.answer = (input) => (input.type === 'create' ? [{ type: 'read', ref: 1, key: block.key }] : []);
      runtime.create();
      expect(await core.told('readDone')).toEqual({ type: 'readDone', ref: 1, outcome });
    }
  });
});
