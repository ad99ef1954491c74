import type { Message } from '@dht/storage';
import {
  decodeFrame,
  decodeTransferHeader,
  encodedSize,
  encodedTransferSize,
  encodeFrame,
  encodeTransferHeader,
  FrameWriter,
} from '@dht/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contacts, messages, messagesByType, requestIds, transferHeaders } from './arbitraries.ts';
import { concat, withoutPrefix } from './bytes.ts';

describe('a message comes out of its frame as it went in', () => {
  for (const [type, arbitrary] of Object.entries<fc.Arbitrary<Message>>(messagesByType)) {
    test(type, () => {
      fc.assert(
        fc.property(arbitrary, (message) => {
          const frame = encodeFrame(message);
          expect(decodeFrame(withoutPrefix(frame))).toStrictEqual({ kind: 'message', message });
          expect(encodedSize(message)).toBe(frame.length);
        }),
        { numRuns: 60 },
      );
    });
  }

  test('whatever was encoded and decoded before', () => {
    fc.assert(
      fc.property(fc.array(messages, { maxLength: 20 }), (sequence) => {
        const frames = sequence.map(encodeFrame);
        const decoded = frames.map((frame) => decodeFrame(withoutPrefix(frame)));
        expect(decoded).toStrictEqual(sequence.map((message) => ({ kind: 'message', message })));
        const again = decoded.flatMap((frame) => (frame.kind === 'message' ? [encodeFrame(frame.message)] : []));
        expect(again).toStrictEqual(frames);
      }),
      { numRuns: 60 },
    );
  });
});

test('the frames of one tick are the frames of its messages in a row', () => {
  fc.assert(
    fc.property(fc.array(messages, { maxLength: 10 }), (sequence) => {
      const writer = new FrameWriter();
      for (const message of sequence) writer.add(message);
      expect(writer.length).toBe(sequence.reduce((sum, message) => sum + encodedSize(message), 0));
      expect(writer.take()).toStrictEqual(concat(...sequence.map(encodeFrame)));
      expect(writer.length).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test('frames that were taken are not touched by later ones', () => {
  const writer = new FrameWriter();
  writer.add({ type: 'joinRequest', attempt: 1 });
  const taken = writer.take();
  const copy = taken.slice();
  writer.add({ type: 'joinRequest', attempt: 2 });
  writer.take();
  expect(taken).toStrictEqual(copy);
});

test('fractions of a millisecond are rounded, what is beyond a duration becomes the nearest one', () => {
  fc.assert(
    fc.property(requestIds, contacts, fc.double({ noNaN: true }), (request, origin, remainingMs) => {
      const route = {
        type: 'route',
        request,
        purpose: 'lookup',
        key: origin.id,
        origin,
        ttl: 1,
        remainingMs,
        path: [],
        contacts: [],
      } as const;
      const frame = encodeFrame(route);
      expect(encodedSize(route)).toBe(frame.length);
      const rounded = Math.min(Math.max(Math.round(remainingMs), 0), 2 ** 31 - 1);
      expect(decodeFrame(withoutPrefix(frame))).toStrictEqual({ kind: 'message', message: { ...route, remainingMs: rounded } });
    }),
    { numRuns: 100 },
  );
});

test('a decoded message does not refer to the bytes it came from', () => {
  fc.assert(
    fc.property(messages, (message) => {
      // A Buffer, as the network gives them: its `slice` would be a view.
      const frame = Buffer.from(withoutPrefix(encodeFrame(message)));
      const decoded = decodeFrame(frame);
      frame.fill(0xff);
      expect(decoded).toStrictEqual({ kind: 'message', message });
    }),
    { numRuns: 100 },
  );
});

test('a contact that is heard of again is the same object', () => {
  fc.assert(
    fc.property(contacts, fc.nat({ max: 62 }), (target, row) => {
      const [first, second] = [row, row + 1].map((each) => {
        const decoded = decodeFrame(withoutPrefix(encodeFrame({ type: 'tableReply', row: each, contacts: [target] })));
        return decoded.kind === 'message' && decoded.message.type === 'tableReply' ? decoded.message.contacts[0] : undefined;
      });
      expect(first).toStrictEqual(target);
      expect(second).toBe(first);
    }),
    { numRuns: 50 },
  );
});

test('a transfer header comes out as it went in', () => {
  fc.assert(
    fc.property(transferHeaders, (header) => {
      const bytes = encodeTransferHeader(header);
      expect(decodeTransferHeader(withoutPrefix(bytes))).toStrictEqual(header);
      expect(encodedTransferSize(header)).toBe(bytes.length + header.block.size);
    }),
    { numRuns: 100 },
  );
});
