import { InvariantError } from '@dht/overlay';
import type { Message } from '@dht/storage';
import { decodeFrame, encodeFrames, FrameReader, limits, WireError } from '@dht/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { messages } from './arbitraries.ts';
import { concat, cutAt, withoutPrefix } from './bytes.ts';

function readAll(chunks: readonly Uint8Array[], reader: FrameReader = new FrameReader()): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
  }
  return frames;
}

function messagesOf(frames: readonly Uint8Array[]): Message[] {
  return frames.map((frame) => {
    const decoded = decodeFrame(frame);
    if (decoded.kind !== 'message') throw new Error(`a frame of kind ${decoded.kind}`);
    return decoded.message;
  });
}

describe('frames are the same however the stream is cut', () => {
  const cuts = fc.array(fc.nat({ max: 100_000 }), { maxLength: 30 });

  test('at any places', () => {
    fc.assert(
      fc.property(fc.array(messages, { maxLength: 10 }), cuts, (sequence, places) => {
        const reader = new FrameReader();
        // Decoded only at the end: no later chunk touches an earlier frame.
        expect(messagesOf(readAll(cutAt(encodeFrames(sequence), places), reader))).toStrictEqual(sequence);
        expect(reader.isBetweenFrames).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('behind every byte', () => {
    fc.assert(
      fc.property(fc.array(messages, { maxLength: 4 }), (sequence) => {
        const bytes = encodeFrames(sequence);
        expect(messagesOf(readAll(Array.from(bytes, (byte) => Uint8Array.of(byte))))).toStrictEqual(sequence);
      }),
      { numRuns: 50 },
    );
  });
});

test('empty frames and empty chunks are passed on as they are', () => {
  expect(readAll([new Uint8Array(0), Uint8Array.of(0, 0), new Uint8Array(0)])).toStrictEqual([new Uint8Array(0), new Uint8Array(0)]);
});

test('a stream that ends within a frame is known to be cut off', () => {
  const bytes = encodeFrames([{ type: 'joinRequest', attempt: 1_000_000 }]);
  for (let length = 1; length < bytes.length; length++) {
    const reader = new FrameReader();
    expect(readAll([bytes.subarray(0, length)], reader)).toStrictEqual([]);
    expect(reader.isBetweenFrames).toBe(false);
  }
});

describe('a frame above the limit', () => {
  test('is refused by its length alone, the frames before it are not lost', () => {
    const good: Message = { type: 'leaving', done: true };
    const reader = new FrameReader(100);
    reader.push(concat(encodeFrames([good]), [101]));
    expect(messagesOf([reader.next() ?? new Uint8Array(0)])).toStrictEqual([good]);
    expect(() => reader.next()).toThrow(WireError);
  });

  test('is refused before its length is complete, once it must be too long', () => {
    const reader = new FrameReader();
    reader.push(Uint8Array.of(0xff, 0xff, 0xff));
    expect(() => reader.next()).toThrow(WireError);
  });

  test('at the limit is read', () => {
    const frame = new Uint8Array(limits.frameBytesMax);
    const prefix = [0x80, 0x80, 0x40];
    expect(readAll([concat(prefix, frame)])).toStrictEqual([frame]);
    expect(withoutPrefix(concat(prefix, frame))).toStrictEqual(frame);
  });
});

test('a length that does not end is refused', () => {
  const reader = new FrameReader();
  reader.push(new Uint8Array(5).fill(0x80));
  expect(() => reader.next()).toThrow(WireError);
});

test('an announced frame takes no memory before it comes', () => {
  // The largest frame arrives 1 KiB at a time; what is kept never exceeds twice of what has come.
  const chunk = new Uint8Array(1024);
  const reader = new FrameReader();
  reader.push(Uint8Array.of(0x80, 0x80, 0x40));
  expect(reader.next()).toBeUndefined();
  const before = process.memoryUsage().arrayBuffers;
  for (let kept = 0; kept < 64; kept++) {
    reader.push(chunk);
    expect(reader.next()).toBeUndefined();
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(limits.frameBytesMax);
});

test('a chunk that is pushed before the frames of the last one are taken is a defect of the driver', () => {
  const reader = new FrameReader();
  reader.push(Uint8Array.of(0));
  expect(() => reader.push(Uint8Array.of(0))).toThrow(InvariantError);
});
