import { SeededRandom } from '@dht/overlay';
import { expect, test } from 'vitest';
import { drawLine, Line, mixedLines } from '../src/network/line.ts';

test('messages go one after another at the speed of the line', () => {
  const line = new Line(4);
  expect([line.mail(0, 400), line.mail(10, 400), line.mail(1000, 40)]).toEqual([100, 200, 1010]);
});

test('mail passes the blocks that wait, and they are later by as much', () => {
  const line = new Line(10);
  expect(line.block(0, 50_000)).toBe(5000);
  expect(line.mail(1000, 100)).toBe(1260);
  expect(line.block(1000, 1000)).toBe(5110);
});

test('lines come in the shares that they should', () => {
  const random = new SeededRandom(1);
  const lines = Array.from({ length: 20_000 }, () => drawLine(random, mixedLines));
  const slow = lines.filter(({ uplinkBytesPerMs }) => uplinkBytesPerMs * 8 <= 100).length / lines.length;
  const fast = lines.filter(({ uplinkBytesPerMs }) => uplinkBytesPerMs * 8 >= 10_000).length / lines.length;
  expect(slow).toBeCloseTo(0.22, 1);
  expect(fast).toBeCloseTo(0.36, 1);
});
