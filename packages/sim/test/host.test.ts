import { SeededRandom } from '@dht/overlay';
import type { CoreOutput } from '@dht/storage';
import { expect, test } from 'vitest';
import { newBlock } from '../src/machine/blocks.ts';
import type { Host } from '../src/machine/host.ts';
import { topologies } from '../src/network/topology.ts';
import { numbered, probe, probeWorld, send, startHost } from './support/probe-core.ts';

const second = 1000;
const slowLine = { share: 1, uplinkKbitPerSecond: 80, downlinkKbitPerSecond: 100_000, accessMsMean: 1 };
const block = newBlock(new SeededRandom(1), 1000);

function outcomes(host: Host): string[] {
  return probe(host).inputs.flatMap(({ input }) => ('outcome' in input ? [`${input.type} ${input.outcome}`] : []));
}

function act(host: Host, output: CoreOutput): void {
  probe(host).outputs = [output];
  host.step({ type: 'timeout', lateMs: 0 });
}

test('a core is called when its deadline has come, in its own time', () => {
  const world = probeWorld();
  const host = startHost(world, 'a');
  host.step({ type: 'create' });
  const startMs = probe(host).inputs[0]?.now.monoMs as number;
  probe(host).deadline = startMs + 500;
  probe(host).onStep = ({ type }, { monoMs }) => {
    if (type === 'timeout') probe(host).deadline = monoMs + second;
  };
  host.step({ type: 'cancel', ref: 1 });
  world.runFor(3 * second);
  const timeouts = probe(host).inputs.filter(({ input }) => input.type === 'timeout');
  expect(timeouts.map(({ now }) => Math.round(now.monoMs - startMs))).toEqual([500, 1500, 2500]);
});

test('a deadline that moves to and fro costs no event more than one for each earlier time, and is met to the millisecond', () => {
  const world = probeWorld();
  const host = startHost(world, 'a');
  host.step({ type: 'create' });
  const startMs = probe(host).inputs[0]?.now.monoMs as number;
  const before = world.engine.pending;
  for (const seconds of [40, 50, 30, 60, 30, 45, 2, 42]) {
    probe(host).deadline = startMs + seconds * second;
    host.step({ type: 'cancel', ref: 1 });
  }
  expect(world.engine.pending - before).toBe(3);
  probe(host).onStep = ({ type }) => {
    if (type === 'timeout') probe(host).deadline = Number.POSITIVE_INFINITY;
  };
  world.runFor(60 * second);
  const timeouts = probe(host).inputs.filter(({ input }) => input.type === 'timeout');
  expect(timeouts.map(({ now }) => Math.round(now.monoMs - startMs))).toEqual([42_000]);
  expect(world.engine.pending).toBe(before);
});

test('after a pause a process reads what has come in before it finds its timer late', () => {
  const world = probeWorld();
  const [a, b] = [startHost(world, 'a'), startHost(world, 'b')];
  send(a, b, numbered(1));
  world.runFor(second);
  const now = probe(b).inputs.at(-1)?.now.monoMs as number;
  probe(b).deadline = now + 2 * second;
  b.step({ type: 'cancel', ref: 1 });
  b.pause();
  send(a, b, numbered(2));
  world.runFor(10 * second);
  const before = probe(b).inputs.length;
  probe(b).onStep = ({ type }) => {
    if (type === 'timeout') probe(b).deadline = Number.POSITIVE_INFINITY;
  };
  b.resume();
  const after = probe(b)
    .inputs.slice(before)
    .map(({ input }) => input);
  expect(after.map(({ type }) => type)).toEqual(['message', 'timeout']);
  const late = after[1]?.type === 'timeout' ? after[1].lateMs : 0;
  expect(late).toBeGreaterThan(8 * second);
});

test('a core that asks for timeouts without end is stopped and reported', () => {
  const world = probeWorld();
  const thrown: unknown[] = [];
  world.observers.add({ onThrow: (_host, error) => thrown.push(error) });
  const host = startHost(world, 'a');
  probe(host).deadline = 0;
  host.step({ type: 'create' });
  world.runFor(second);
  expect(thrown).toHaveLength(1);
  expect(host.state).toBe('off');
});

test('a core that throws is reported, and its process is gone', () => {
  const world = probeWorld();
  const thrown: unknown[] = [];
  world.observers.add({ onThrow: (_host, error) => thrown.push(error) });
  const host = startHost(world, 'a');
  probe(host).onStep = () => {
    throw new Error('broken');
  };
  host.step({ type: 'create' });
  expect(thrown).toHaveLength(1);
  expect(host.state).toBe('off');
});

test('a write is acknowledged when it is on disk, which outlives the process', () => {
  const world = probeWorld();
  const host = startHost(world, 'a');
  act(host, { type: 'write', ref: 1, block, handle: host.handles.take(block.size, 0) });
  expect(host.disk.has(block.key)).toBe(false);
  world.runFor(second);
  expect(outcomes(host)).toEqual(['writeDone durable']);
  host.end('crash');
  host.start();
  act(host, { type: 'read', ref: 2, key: block.key });
  world.runFor(second);
  expect(outcomes(host)).toEqual(['readDone read']);
});

test('a crash in the middle of a write leaves all of it or nothing, by chance', () => {
  for (const tornWriteRate of [0, 1]) {
    const world = probeWorld({ faults: { tornWriteRate } });
    const host = startHost(world, 'a');
    act(host, { type: 'write', ref: 1, block, handle: host.handles.take(block.size, 0) });
    host.end('powerLoss');
    expect(host.disk.has(block.key)).toBe(tornWriteRate === 1);
    host.start();
    world.runFor(second);
    expect(outcomes(host)).toEqual([]);
  }
});

test('a disk without room says so', () => {
  const world = probeWorld({ disk: { capacityBytes: 500 } });
  const host = startHost(world, 'a');
  act(host, { type: 'write', ref: 1, block, handle: host.handles.take(block.size, 0) });
  world.runFor(second);
  expect(outcomes(host)).toEqual(['writeDone full']);
});

test('a block is uploaded at the speed of the line, then the core is told, and its receiver gets it with a handle', () => {
  const world = probeWorld({ topology: { ...topologies.internet, lines: [slowLine] } });
  const [a, b] = [startHost(world, 'a'), startHost(world, 'b')];
  send(a, b, numbered(1));
  world.runFor(second);
  const request = { origin: a.id, incarnation: 1, counter: 1 };
  act(a, { type: 'transfer', to: b.contact, header: { request, purpose: 'put', block }, handle: a.handles.take(block.size, 0) });
  world.runFor(80);
  expect(outcomes(a)).toEqual([]);
  world.runFor(second);
  expect(outcomes(a)).toEqual(['transferDone sent']);
  expect(probe(b).told().at(-1)).toBe('blockArrived');
  expect(b.handles.count).toBe(1);
});

test('contacts of a node that was active are kept together with that it was', () => {
  const world = probeWorld();
  const [a, b] = [startHost(world, 'a'), startHost(world, 'b')];
  probe(a).overlay.rememberedContacts = [b.contact];
  act(a, { type: 'event', event: { type: 'activated', how: 'joined' } });
  a.end('crash');
  expect(a.previouslyActive).toBe(true);
  let remembered: readonly unknown[] = [];
  world.onHostStarted = (_host, init) => {
    remembered = init.remembered;
  };
  a.start();
  expect(remembered).toEqual([b.contact]);
});
