import { describe, expect, test } from 'vitest';
import { Gate, pooled } from '../lib/pool.ts';

/** Work that ends when the test says so. */
class Work {
  running = 0;
  runningMax = 0;
  private readonly endings: (() => void)[] = [];

  run = async <T>(result: T): Promise<T> => {
    this.runningMax = Math.max(this.runningMax, ++this.running);
    await new Promise<void>((resolve) => this.endings.push(resolve));
    this.running--;
    return result;
  };

  async endAll(): Promise<void> {
    while (this.running > 0) {
      this.endings.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

describe('pooled', () => {
  test('never runs more at a time than allowed and gives the results in order', async () => {
    const work = new Work();
    const results = pooled([1, 2, 3, 4, 5, 6, 7], 3, work.run);
    await work.endAll();
    expect(await results).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(work.runningMax).toBe(3);
  });

  test('begins nothing more after a failure', async () => {
    const begun: number[] = [];
    const failing = async (item: number): Promise<void> => {
      begun.push(item);
      if (item === 2) throw new Error('no');
    };
    await expect(pooled([1, 2, 3, 4], 1, failing)).rejects.toThrow('no');
    expect(begun).toEqual([1, 2]);
  });
});

describe('gate', () => {
  test('lets the next in when one has left, also one that failed', async () => {
    const gate = new Gate(1);
    const order: string[] = [];
    const enter = (name: string): Promise<void> =>
      gate.run(async () => {
        order.push(name);
        if (name === 'a') throw new Error('no');
      });
    const results = await Promise.allSettled([enter('a'), enter('b'), enter('c')]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(order).toEqual(['a', 'b', 'c']);
  });

  test('lets no more in at a time than it is wide', async () => {
    const gate = new Gate(2);
    const work = new Work();
    const all = Promise.all([1, 2, 3, 4].map((item) => gate.run(() => work.run(item))));
    await work.endAll();
    await all;
    expect(work.runningMax).toBe(2);
  });
});
