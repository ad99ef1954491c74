import { describe, expect, test } from 'vitest';
import { Engine } from '../src/engine/engine.ts';
import { Processor } from '../src/engine/processor.ts';
import type { Host } from '../src/machine/host.ts';
import { Cluster } from '../src/world/cluster.ts';
import { World } from '../src/world/world.ts';

const minute = 60_000;
const costs = { coldExtra: 0, warmMs: 100, sliceMs: 10, wakeMs: 1, messageMs: 1, dialMs: 1, connectMs: 5, blockByteMs: 0.001 };

/** When each of these pieces of work, all begun at once, is done. */
function finishTimes(cores: number, work: readonly (readonly [who: object, ms: number])[]): { times: number[]; processor: Processor } {
  const engine = new Engine();
  const processor = new Processor(engine, { ...costs, cores });
  const times: number[] = Array.from(work, () => Number.NaN);
  for (const [index, [who, ms]] of work.entries()) {
    processor.work(who, ms, () => {
      times[index] = engine.now;
    });
  }
  engine.runUntil(10_000);
  return { times, processor };
}

describe('processes on one machine', () => {
  const [a, b, c] = [{}, {}, {}];

  test('share a core in slices, so that a short one does not wait for a long one to end', () => {
    const { times, processor } = finishTimes(1, [
      [a, 100],
      [b, 5],
    ]);
    expect(times).toEqual([105, 15]);
    expect(processor.busyMs).toBe(105);
  });

  test('use all cores at the same time', () => {
    const { times } = finishTimes(2, [
      [a, 30],
      [b, 30],
      [c, 10],
    ]);
    expect(Math.max(...times)).toBeLessThanOrEqual(40);
    expect(times[2]).toBe(20);
  });

  test('one process uses one core, and does one thing after the other', () => {
    const { times } = finishTimes(4, [
      [a, 20],
      [a, 20],
    ]);
    expect(times).toEqual([20, 40]);
  });

  test('one that has little to do waits for nobody that has had more', () => {
    const engine = new Engine();
    const processor = new Processor(engine, { ...costs, cores: 1 });
    const times: number[] = [];
    for (const busy of [a, b]) processor.work(busy, 1000, () => undefined);
    for (let i = 0; i < 5; i++) {
      engine.at(100 * (i + 1), () => {
        const askedAt = engine.now;
        processor.work(c, 1, () => times.push(engine.now - askedAt));
      });
    }
    engine.runUntil(10_000);
    expect(times).toHaveLength(5);
    expect(Math.max(...times), 'no more than the slice that is running').toBeLessThanOrEqual(costs.sliceMs + 1);
  });

  test('what a process that has ended had to do takes no time any more, and its next life begins with nothing', () => {
    const engine = new Engine();
    const processor = new Processor(engine, { ...costs, cores: 1 });
    const times: number[] = [];
    for (let i = 0; i < 10; i++) processor.work(a, 100, () => undefined);
    processor.work(b, 5, () => times.push(engine.now));
    engine.at(12, () => {
      processor.abandon(a);
      processor.work(a, 5, () => times.push(engine.now));
    });
    engine.runUntil(10_000);
    expect(times).toEqual([15, 20]);
    expect(processor.busyMs).toBe(20);
    expect([processor.spentMs(a), processor.spentMs(b)]).toEqual([15, 5]);
  });

  test('one that is stopped goes on with what it had to do, and with what came meanwhile, when it is continued', () => {
    const engine = new Engine();
    const processor = new Processor(engine, { ...costs, cores: 1 });
    const times: number[] = [];
    processor.work(a, 25, () => times.push(engine.now));
    engine.at(12, () => processor.stop(a));
    engine.at(50, () => {
      processor.work(a, 5, () => times.push(engine.now));
      processor.work(b, 5, () => times.push(engine.now));
    });
    engine.at(1000, () => processor.goOn(a));
    engine.runUntil(10_000);
    expect(times).toEqual([55, 1005, 1010]);
    expect([processor.spentMs(a), processor.spentMs(b)]).toEqual([30, 5]);
  });

  test('a message that waits for a busy process for longer than its sender waits for an answer is a fault, as one that waits for a line is', () => {
    const world = new World({ seed: 1, processor: { ...costs, cores: 2 } });
    const cluster = new Cluster(world);
    const [first] = cluster.form(2, 1000);
    world.runFor(minute);
    expect(world.calm.undividedSince(world.now - minute / 2)).toBe(true);
    world.processor?.work(first as Host, 5000, () => undefined);
    world.runFor(minute / 2);
    expect(world.calm.undividedSince(world.now - minute / 2)).toBe(false);
  });

  test('what it does first takes longer, and in each of its lives', () => {
    const engine = new Engine();
    const processor = new Processor(engine, { ...costs, cores: 1, coldExtra: 1 });
    const times: number[] = [];
    const work = (): void => processor.work(a, 100, () => times.push(engine.now));
    work();
    engine.at(1000, work);
    engine.at(2000, () => {
      processor.abandon(a);
      work();
    });
    engine.runUntil(10_000);
    // Twice the time at first, then, after 200 ms of warmMs = 100, a third more.
    expect(times.map((time) => Math.round(time))).toEqual([200, 1133, 2200]);
  });
});
