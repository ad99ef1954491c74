import { describe, expect, test } from 'vitest';
import { parseRange } from '../../src/api/range.ts';

describe('a Range header (RFC 9110)', () => {
  test.each([
    ['bytes=0-0', 10, { offset: 0, length: 1 }],
    ['bytes=2-5', 10, { offset: 2, length: 4 }],
    ['bytes=2-', 10, { offset: 2, length: 8 }],
    ['bytes=2-99', 10, { offset: 2, length: 8 }],
    ['bytes=-3', 10, { offset: 7, length: 3 }],
    ['bytes=-99', 10, { offset: 0, length: 10 }],
    [undefined, 10, undefined],
  ])('%j of %i bytes is %j', (header, size, range) => {
    expect(parseRange(header, size)).toEqual(range);
  });

  test.each(['bytes=10-', 'bytes=5-4', 'bytes=-', 'bytes=-0', 'bytes=a-b', 'lines=1-2', 'bytes=0-1,3-4'])(
    '%j of 10 bytes is refused',
    (header) => {
      expect(() => parseRange(header, 10)).toThrow(expect.objectContaining({ exitCode: 2 }));
    },
  );
});
