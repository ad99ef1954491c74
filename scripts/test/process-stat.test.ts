import { expect, test } from 'vitest';
import { parseCpuTime, parseMemory } from '../lib/process-stat.ts';

test('CPU time is found behind a command with blanks and parentheses in its name', () => {
  const stat = '4711 (node (x) y) S 1 4711 4711 0 -1 4194560 100 200 0 0 150 50 1000 24 20 0 11 0 12345 1000000 2000';
  expect(parseCpuTime(stat)).toEqual({ own: 2, endedChildren: 10.24 });
});

test('memory is given in bytes', () => {
  const status = 'Name:\tnode\nVmPeak:\t 9000 kB\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nThreads:\t11\n';
  expect(parseMemory(status)).toEqual({ rssBytes: 2 ** 20, rssBytesMax: 2 ** 21 });
});

test('a zombie has no memory lines', () => {
  expect(parseMemory('Name:\tnode\nState:\tZ (zombie)\n')).toBeUndefined();
});
