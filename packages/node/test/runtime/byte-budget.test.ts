import { describe, expect, test } from 'vitest';
import { ByteBudget } from '../../src/runtime/byte-budget.ts';

/** Names of those that have been let in, in their order. */
function gate(budget: ByteBudget): { readonly in: string[]; ask(name: string, bytes: number, signal?: AbortSignal): Promise<void> } {
  const admitted: string[] = [];
  return { in: admitted, ask: (name, bytes, signal) => budget.take(bytes, signal).then(() => void admitted.push(name)) };
}

describe('a budget of 10 bytes', () => {
  test('lets in what fits, and then the others in their order', async () => {
    const budget = new ByteBudget(10);
    const door = gate(budget);
    const all = [door.ask('a', 6), door.ask('b', 4), door.ask('c', 5), door.ask('d', 1)];
    await Promise.all(all.slice(0, 2));
    expect(door.in).toEqual(['a', 'b']);
    budget.give(4);
    await Promise.resolve();
    // d would fit, but c came first.
    expect(door.in).toEqual(['a', 'b']);
    budget.give(6);
    await Promise.all(all);
    expect(door.in).toEqual(['a', 'b', 'c', 'd']);
  });

  test('gives what is larger all of it, alone', async () => {
    const budget = new ByteBudget(10);
    const door = gate(budget);
    await door.ask('large', 25);
    const small = door.ask('small', 1);
    budget.give(25);
    await small;
    expect(door.in).toEqual(['large', 'small']);
  });

  test('forgets who does not wait any longer', async () => {
    const budget = new ByteBudget(10);
    const door = gate(budget);
    await door.ask('a', 8);
    const abort = new AbortController();
    const b = door.ask('b', 9, abort.signal);
    const c = door.ask('c', 2);
    abort.abort(new Error('gone'));
    await expect(b).rejects.toThrow('gone');
    await c;
    await expect(door.ask('d', 1, AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
    expect(door.in).toEqual(['a', 'c']);
  });
});
