import {
  BlockReader,
  decodeFrame,
  decodeHello,
  decodeTransferHeader,
  encodeFrame,
  encodeHello,
  encodeTransferHeader,
  FrameReader,
  WireError,
} from '@dht/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hellos, messages, transferHeaders } from './arbitraries.ts';
import { concat, withoutPrefix } from './bytes.ts';

/** Everything that reads foreign bytes, with what a well-behaved peer would send it. */
const decoders = [
  { name: 'frame', decode: (bytes: Uint8Array): unknown => decodeFrame(bytes), valid: messages.map(encodeFrame).map(withoutPrefix) },
  { name: 'Hello', decode: (bytes: Uint8Array): unknown => decodeHello(bytes), valid: hellos.map(encodeHello).map(withoutPrefix) },
  {
    name: 'transfer header',
    decode: (bytes: Uint8Array): unknown => decodeTransferHeader(bytes),
    valid: transferHeaders.map(encodeTransferHeader).map(withoutPrefix),
  },
];

/** Runs `decode` and lets nothing but a `WireError` pass. Returns the error, if there was one. */
function errorOf(decode: () => unknown): WireError | undefined {
  try {
    decode();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return error as WireError;
  }
}

describe.each(decoders)('a $name', ({ decode, valid }) => {
  test('of random bytes is refused with a WireError, if at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        errorOf(() => decode(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test('of random fields is refused with a WireError, if at all', () => {
    // Closer to the schema than random bytes: small tags, small values, nested once.
    const field = fc
      .tuple(fc.nat({ max: 127 }), fc.uint8Array({ maxLength: 40 }))
      .map(([tag, value]) => concat([tag], [value.length], value));
    const fields = fc.array(field, { maxLength: 6 }).map((parts) => concat(...parts));
    const nested = fc.tuple(fc.integer({ min: 16, max: 70 }), fields).map(([number, body]) => {
      const tag = number * 8 + 2;
      return concat([(tag & 0x7f) | 0x80, tag >> 7, (body.length & 0x7f) | 0x80, body.length >> 7], body);
    });
    fc.assert(
      fc.property(fc.oneof(fields, nested), (bytes) => {
        errorOf(() => decode(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test('with flipped bits is refused with a WireError, if at all', () => {
    fc.assert(
      fc.property(valid, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), (bytes, flips) => {
        const damaged = bytes.slice();
        for (const flip of flips) damaged[(flip >> 3) % damaged.length]! ^= 1 << (flip & 7);
        errorOf(() => decode(damaged));
      }),
      { numRuns: 2000 },
    );
  });

  test('with a byte put in, taken out or doubled is refused with a WireError, if at all', () => {
    fc.assert(
      fc.property(valid, fc.nat(), fc.nat({ max: 2 }), fc.nat({ max: 255 }), (bytes, position, removed, inserted) => {
        const at = position % bytes.length;
        errorOf(() => decode(concat(bytes.subarray(0, at), removed === 0 ? [inserted] : [], bytes.subarray(at + removed))));
      }),
      { numRuns: 1000 },
    );
  });
});

test('a truncated frame is always refused', () => {
  fc.assert(
    fc.property(messages.map(encodeFrame).map(withoutPrefix), fc.nat(), (bytes, length) => {
      const error = errorOf(() => decodeFrame(bytes.subarray(0, length % bytes.length)));
      expect(['malformed', 'missing']).toContain(error?.code);
    }),
    { numRuns: 1000 },
  );
});

test('a truncated frame does not read on into what lies behind it in memory', () => {
  fc.assert(
    fc.property(messages.map(encodeFrame).map(withoutPrefix), fc.nat(), (bytes, length) => {
      const padded = concat(new Uint8Array(7), bytes, new Uint8Array(64).fill(1));
      const error = errorOf(() => decodeFrame(padded.subarray(7, 7 + (length % bytes.length))));
      expect(error).toBeDefined();
    }),
    { numRuns: 500 },
  );
});

describe('bytes that protobuf does not allow', () => {
  const heartbeat = [0xa2, 0x01, 0x02, 0x08, 0x02];
  test.each([
    ['the tag 0, which pbf takes for the end', [...heartbeat, 0x00], 'malformed'],
    ['the tag 0 inside a message', [0xa2, 0x01, 0x03, 0x08, 0x02, 0x00], 'malformed'],
    ['a field number 0 with a wire type', [...heartbeat, 0x02, 0x00], 'malformed'],
    ['a tag above 32 bits', [...heartbeat, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x00], 'malformed'],
    ['a group', [...heartbeat, 0x1b, 0x1c], 'malformed'],
    ['wire type 7', [...heartbeat, 0x1f], 'malformed'],
    ['a varint without an end', [0xa2, 0x01, 0x0b, 0x08, ...new Array<number>(10).fill(0xff)], 'malformed'],
    ['an unknown varint that reaches beyond its message', [0xa2, 0x01, 0x02, 0x78, 0x80, 0x08, 0x01], 'malformed'],
    ['an unknown byte string that reaches beyond its message', [0xa2, 0x01, 0x02, 0x7a, 0x05, 1, 2, 3, 4, 5], 'malformed'],
    ['an unknown 32-bit value that is too short', [...heartbeat, 0x7d, 1, 2, 3], 'malformed'],
    ['an unknown 64-bit value that is too short', [...heartbeat, 0x79, 1, 2, 3, 4, 5, 6, 7], 'malformed'],
    ['a length close to 2^53', [0xa2, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f], 'malformed'],
    ['an enum as bytes', [0xa2, 0x01, 0x03, 0x0a, 0x01, 0x02], 'malformed'],
    ['a message as a varint', [0xa0, 0x01, 0x02], 'malformed'],
    ['two messages in one frame', [...heartbeat, ...heartbeat], 'malformed'],
    ['nothing', [], 'missing'],
    ['no message', [0x1a, 0x00], 'missing'],
    ['a heartbeat without a status', [0xa2, 0x01, 0x00], 'missing'],
    ['a route acknowledgement that names no request', [0xe2, 0x01, 0x00], 'missing'],
    ['an unsupported that names no request', [0x82, 0x01, 0x02, 0x08, 0x64], 'missing'],
    ['a boolean of 2', [0xd2, 0x01, 0x02, 0x08, 0x02], 'malformed'],
    ['a nonce of 2^64 - 1', [0xaa, 0x01, 0x0d, 0x08, 0x02, 0x10, ...new Array<number>(9).fill(0xff), 0x01], 'limit'],
  ])('%s: refused', (_, bytes, code) => {
    expect(errorOf(() => decodeFrame(Uint8Array.from(bytes)))?.code).toBe(code);
  });
});

test('a stream of random bytes gives frames or a WireError', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 10 }), (chunks) => {
      const reader = new FrameReader();
      errorOf(() => {
        for (const chunk of chunks) {
          reader.push(chunk);
          for (let frame = reader.next(); frame !== undefined; frame = reader.next()) decodeFrame(frame);
        }
      });
    }),
    { numRuns: 1000 },
  );
});

test('a block stream with flipped bits gives blocks or a WireError', () => {
  fc.assert(
    fc.property(transferHeaders, fc.array(fc.nat(), { maxLength: 3 }), (header, flips) => {
      const size = header.block.size % 1000;
      const bytes = concat(encodeTransferHeader({ ...header, block: { ...header.block, size } }), new Uint8Array(size));
      for (const flip of flips) bytes[(flip >> 3) % bytes.length]! ^= 1 << (flip & 7);
      const reader = new BlockReader();
      errorOf(() => {
        reader.push(bytes);
        for (let event = reader.next(); event !== undefined; event = reader.next()) {
          if (event.type === 'block') expect(event.bytes).toHaveLength(event.header.block.size);
        }
      });
    }),
    { numRuns: 1000 },
  );
});
