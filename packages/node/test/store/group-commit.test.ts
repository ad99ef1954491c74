import { expect, test } from 'vitest';
import { GroupCommit } from '../../src/store/group-commit.ts';

test('what comes while a commit runs shares the next one', async () => {
  const groups: (readonly string[])[] = [];
  const gates: (() => void)[] = [];
  const commits = new GroupCommit<string>((items) => {
    groups.push(items);
    return new Promise((resolve) => gates.push(resolve));
  });
  const first = [commits.add('a'), commits.add('b')];
  await new Promise(setImmediate);
  const second = [commits.add('c'), commits.add('d'), commits.add('e')];
  gates[0]!();
  await Promise.all(first);
  await new Promise(setImmediate);
  gates[1]!();
  await Promise.all(second);
  await commits.idle();
  expect(groups).toEqual([
    ['a', 'b'],
    ['c', 'd', 'e'],
  ]);
});

test('a commit that fails fails its own items and no others', async () => {
  const commits = new GroupCommit<number>(async (items) => {
    if (items.includes(1)) throw new Error('disk');
  });
  const failing = [commits.add(1), commits.add(2)];
  const outcomes = Promise.allSettled(failing);
  await new Promise(setImmediate);
  await commits.add(3);
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
