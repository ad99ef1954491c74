import { Id } from '@dht/overlay';
import { decodeFrame, decodeHello, encodeFrame, encodeHello, encodeUnsupported } from '@dht/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hellos, messages, requestIds } from './arbitraries.ts';
import { concat, withoutPrefix } from './bytes.ts';

/** Field 2047, which nothing uses, once in each wire type. */
const unknownFields: readonly Uint8Array[] = [
  Uint8Array.of(0xf8, 0x7f, 0x80, 0x01),
  Uint8Array.of(0xf8, 0x7f, ...new Uint8Array(9).fill(0xff), 0x01),
  Uint8Array.of(0xf9, 0x7f, 1, 2, 3, 4, 5, 6, 7, 8),
  Uint8Array.of(0xfa, 0x7f, 3, 1, 2, 3),
  Uint8Array.of(0xfd, 0x7f, 1, 2, 3, 4),
];
/** Field 15 of the frame, which a later version may use for the frame itself. */
const unknownEnvelope = Uint8Array.of(0x7a, 2, 1, 2);

/** A frame that holds message `number` with `content`, behind whatever is in `envelope`. */
function frameOf(number: number, content: Uint8Array, envelope: Uint8Array = new Uint8Array(0)): Uint8Array {
  const tag = number * 8 + 2;
  return concat(envelope, [(tag & 0x7f) | 0x80, tag >> 7, content.length], content);
}

describe('what a later version adds is passed over', () => {
  test('a field of a message', () => {
    for (const field of unknownFields) {
      const content = concat(field, [0x08, 0x02], field);
      expect(decodeFrame(frameOf(20, content))).toStrictEqual({ kind: 'message', message: { type: 'heartbeat', status: 'active' } });
    }
  });

  test('a field of the frame', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const frame = withoutPrefix(encodeFrame(message));
        expect(decodeFrame(concat(unknownEnvelope, frame, unknownEnvelope))).toStrictEqual({ kind: 'message', message });
      }),
      { numRuns: 50 },
    );
  });

  test('a field of a Hello', () => {
    fc.assert(
      fc.property(hellos, fc.constantFrom(...unknownFields), (hello, field) => {
        expect(decodeHello(concat(field, withoutPrefix(encodeHello(hello)), field))).toStrictEqual(hello);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a message of a later version', () => {
  const request = { origin: Id.fromHex('cd'.repeat(32)), incarnation: 2, counter: 3 };
  const ack = withoutPrefix(encodeFrame({ type: 'routeAck', request }));
  const replyTo = ack.subarray(0, -3);
  const ask = Uint8Array.of(0x0a, ...replyTo.subarray(1));

  test('that asks nothing is unknown', () => {
    expect(decodeFrame(frameOf(117, Uint8Array.of(1, 2, 3)))).toStrictEqual({ kind: 'unknown', messageType: 117 });
  });

  test('that asks is unknown and names the request to answer', () => {
    expect(decodeFrame(frameOf(117, new Uint8Array(0), ask))).toStrictEqual({ kind: 'unknown', messageType: 117, request });
  });

  test('that answers names no request to answer', () => {
    expect(decodeFrame(frameOf(117, new Uint8Array(0), replyTo))).toStrictEqual({ kind: 'unknown', messageType: 117 });
  });

  test('with a new value of an enum is unknown as a whole', () => {
    expect(decodeFrame(frameOf(20, Uint8Array.of(0x08, 0x09)))).toStrictEqual({ kind: 'unknown', messageType: 20 });
    const route = concat([0x08, 0x09, 0x20, 0x05]);
    expect(decodeFrame(concat(frameOf(27, route, ask), unknownEnvelope))).toStrictEqual({ kind: 'unknown', messageType: 27, request });
  });
});

test('the answer to an unknown request reaches the asker', () => {
  fc.assert(
    fc.property(requestIds, fc.integer({ min: 16, max: 2047 }), (request, messageType) => {
      const frame = withoutPrefix(encodeUnsupported(request, messageType));
      expect(decodeFrame(frame)).toStrictEqual({ kind: 'unsupported', messageType, request });
    }),
    { numRuns: 50 },
  );
});

test('of a field that comes twice the last one counts', () => {
  expect(decodeFrame(frameOf(20, Uint8Array.of(0x08, 0x01, 0x08, 0x03)))).toStrictEqual({
    kind: 'message',
    message: { type: 'heartbeat', status: 'leaving' },
  });
});
