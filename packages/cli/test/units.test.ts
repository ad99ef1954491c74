import { describe, expect, test } from 'vitest';
import { formatBytes, formatCount, formatDuration, formatRate, formatTimeLeft, plural } from '../src/output/units.ts';

describe('units', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [1234567, '1.2 MiB'],
    [1024 * 1024 - 1, '1.0 MiB'],
    [99.96 * 1024, '100 KiB'],
    [7 * 2 ** 30, '7.0 GiB'],
    [3 * 2 ** 60, '3072 PiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test.each([
    [0.418, '0.42 ms'],
    [1.24, '1.2 ms'],
    [9.96, '10 ms'],
    [340.4, '340 ms'],
    [999.7, '1.0 s'],
    [4210, '4.2 s'],
    [59_960, '1 min 0 s'],
    [123_000, '2 min 3 s'],
    [3_599_900, '1 h 0 min'],
    [11_520_000, '3 h 12 min'],
    [187_200_000, '2 d 4 h'],
  ])('%d ms are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('a time left is never zero while something is left', () => {
    expect(formatTimeLeft(1)).toBe('1 s');
    expect(formatTimeLeft(59_001)).toBe('1 min 0 s');
  });

  test('rates, counts and plurals', () => {
    expect(formatRate(96.4 * 2 ** 20)).toBe('96.4 MiB/s');
    expect(formatCount(1234567)).toBe('1,234,567');
    expect(formatCount(123)).toBe('123');
    expect(plural(1, 'block')).toBe('1 block');
    expect(plural(1000, 'block')).toBe('1,000 blocks');
  });
});
