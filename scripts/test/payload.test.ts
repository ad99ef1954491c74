import { describe, expect, test } from 'vitest';
import { PayloadCheck, payload, payloadStream } from '../lib/payload.ts';

const size = 3 * 2 ** 20 + 17;

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

describe('payload', () => {
  test('the same name gives the same bytes, whole or in pieces', async () => {
    const streamed = await joined(payloadStream('a', size));
    expect(streamed.length).toBe(size);
    expect(streamed.equals(payload('a', size))).toBe(true);
  });

  test('another name gives other bytes', () => {
    expect(Buffer.from(payload('a', 1024)).equals(payload('b', 1024))).toBe(false);
  });

  test('nothing is nothing', () => {
    expect(payload('a', 0).length).toBe(0);
  });
});

describe('the check of what arrives', () => {
  const check = (bytes: Uint8Array, pieceBytes: number): boolean => {
    const checker = new PayloadCheck('a', size);
    for (let at = 0; at < bytes.length; at += pieceBytes) checker.update(bytes.subarray(at, at + pieceBytes));
    return checker.complete;
  };
  const bytes = payload('a', size);

  test.each([1000, 65_536, size])('the payload in pieces of %d bytes is complete', (pieceBytes) => {
    expect(check(bytes, pieceBytes)).toBe(true);
  });

  test('one bit wrong', () => {
    const wrong = Uint8Array.from(bytes);
    wrong[2 ** 21] = (wrong[2 ** 21] as number) ^ 1;
    expect(check(wrong, 65_536)).toBe(false);
  });

  test('the end is missing', () => {
    expect(check(bytes.subarray(0, size - 1), 65_536)).toBe(false);
  });
});
