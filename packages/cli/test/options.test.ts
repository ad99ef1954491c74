import { InvalidArgumentError } from 'commander';
import { describe, expect, test } from 'vitest';
import { addressForOthers } from '../src/daemon-process.ts';
import { parseBytes, parseDuration } from '../src/options.ts';

describe('times and sizes on the command line', () => {
  test.each([
    ['90', 90_000],
    ['500ms', 500],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1h', 3_600_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    ['0', 0],
    ['4096', 4096],
    ['64KiB', 65_536],
    ['64k', 65_536],
    ['1.5M', 1_572_864],
    ['2GB', 2 ** 31],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test.each(['', '-1', '1.3', 'x', '1e9', '10PiB', '99999999999999999'])('%j is no number of bytes', (text) => {
    expect(() => parseBytes(text)).toThrow(InvalidArgumentError);
  });

  test.each(['', '-1', 'soon', '1d'])('%j is no time', (text) => {
    expect(() => parseDuration(text)).toThrow(InvalidArgumentError);
  });
});

describe('the address for the next machine', () => {
  test('is one that can be reached from there', () => {
    const loopback = '/ip4/127.0.0.1/tcp/4001/p2p/X';
    expect(addressForOthers([loopback, '/ip6/::1/tcp/4001/p2p/X', '/ip4/10.0.0.4/tcp/4001/p2p/X'])).toBe('/ip4/10.0.0.4/tcp/4001/p2p/X');
    expect(addressForOthers(['/ip6/2001:db8::1/tcp/1/p2p/X', '/dns4/a.example/tcp/1/p2p/X'])).toBe('/dns4/a.example/tcp/1/p2p/X');
    expect(addressForOthers([loopback])).toBe(loopback);
    expect(addressForOthers([])).toBeUndefined();
  });
});
