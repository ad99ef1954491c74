import { type Contact, Id } from '@dht/overlay';
import type { Message } from '@dht/storage';
import { decodeFrame, encodedSize, encodeFrame, encodeTransferHeader, FrameWriter, limits, WireError } from '@dht/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { transferHeaders } from './arbitraries.ts';
import { concat, withoutPrefix } from './bytes.ts';

const id = Id.fromHex('ab'.repeat(32));
const request = { origin: id, incarnation: 1, counter: 1 };
const multihash = Uint8Array.of(0x12, 0x20, ...new Uint8Array(32));
const storeId = '0'.repeat(32);
const contact: Contact = { id, incarnation: 1, role: 'full', address: new Uint8Array(0), addressSeq: 1 };
const largest: Contact = {
  id,
  incarnation: limits.integerMax,
  role: 'client',
  address: new Uint8Array(limits.addressBytesMax),
  addressSeq: limits.integerMax,
};
const many = <T>(count: number, element: T): T[] => new Array<T>(count).fill(element);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return (error as WireError).code;
  }
  return 'none';
}

const routeReply = (change: Partial<Extract<Message, { type: 'routeReply' }>>): Message => ({
  type: 'routeReply',
  request,
  root: id,
  incarnation: 1,
  replicaSet: [],
  path: [],
  contacts: [],
  ...change,
});

const offer = (size: number, hash: Uint8Array = multihash): Message => ({
  type: 'offer',
  request,
  purpose: 'put',
  block: { key: id, multihash: hash, size },
});

/** `count` stands at its limit in each. */
const atLimit: readonly { readonly what: string; readonly max: number; readonly message: (count: number) => Message }[] = [
  { what: 'contacts in a list', max: limits.contactsMax, message: (count) => routeReply({ replicaSet: many(count, contact) }) },
  { what: 'hops', max: limits.hopsMax, message: (count) => routeReply({ path: many(count, { id }) }) },
  {
    what: 'names of members',
    max: limits.contactsMax,
    message: (count) => ({
      type: 'leafSet',
      purpose: 'list',
      status: 'active',
      named: many(count, 'ab'.repeat(8)),
      members: [],
      wanted: [],
      failed: [],
    }),
  },
  {
    what: 'failed entries',
    max: limits.failedMax,
    message: (count) => ({
      type: 'leafSet',
      purpose: 'answer',
      status: 'active',
      named: [],
      members: [],
      wanted: [],
      failed: many(count, { id, incarnation: 1, ageMs: 0 }),
    }),
  },
  {
    what: 'bytes of an address',
    max: limits.addressBytesMax,
    message: (count) => routeReply({ replicaSet: [{ ...contact, address: new Uint8Array(count) }] }),
  },
  { what: 'keys asked for', max: limits.keysMax, message: (count) => ({ type: 'have', request, keys: many(count, id) }) },
  {
    what: 'entries of an answer',
    max: limits.keysMax,
    message: (count) => ({ type: 'haveReply', request, storeId, entries: many(count, { size: 1, synced: true }) }),
  },
  {
    what: 'blocks of an answer',
    max: limits.keysMax,
    message: (count) => ({
      type: 'keysReply',
      request,
      blocks: many(count, { key: id, multihash, size: 1 }),
      more: false,
      unsureMs: 0,
      busy: false,
    }),
  },
  {
    what: 'holders',
    max: limits.holdersMax,
    message: (count) => ({
      type: 'putResult',
      request,
      holders: many(count, { node: contact, storeId, synced: true }),
      final: true,
      shortfall: 'none',
    }),
  },
  { what: 'bytes of a block', max: limits.blockBytesMax, message: offer },
  { what: 'a row', max: limits.rowMax, message: (row) => ({ type: 'tableRequest', row }) },
  { what: 'an integer', max: limits.integerMax, message: (attempt) => ({ type: 'joinRequest', attempt }) },
];

describe('a sender', () => {
  test.each(atLimit)('sends $what up to $max and no more', ({ max, message }) => {
    expect(decodeFrame(withoutPrefix(encodeFrame(message(max))))).toStrictEqual({ kind: 'message', message: message(max) });
    expect(codeOf(() => encodeFrame(message(max + 1)))).toBe('limit');
  });

  test.each([
    ['a negative integer', { type: 'joinRequest', attempt: -1 }],
    ['a fraction where an integer belongs', { type: 'joinRequest', attempt: 0.5 }],
    [
      'a duration that is not a number',
      { type: 'joinRefused', attempt: 1, reason: 'busy', retryAfterMs: Number.NaN, members: [], previouslyActive: false },
    ],
    ['a multihash of another function', offer(1, Uint8Array.of(0x13, 0x20, ...new Uint8Array(32)))],
    ['a multihash that is too short', offer(1, multihash.subarray(0, 33))],
    ['a store id that is none', { type: 'syncState', storeId: 'store-1' }],
  ] satisfies [string, Message][])('does not send %s', (_, message) => {
    expect(codeOf(() => encodeFrame(message))).toBe('limit');
  });

  test('goes on with the other messages of the tick when one is beyond a limit', () => {
    const writer = new FrameWriter();
    const good: Message = { type: 'joinRequest', attempt: 1 };
    writer.add(good);
    expect(codeOf(() => writer.add(routeReply({ contacts: many(limits.contactsMax + 1, contact) })))).toBe('limit');
    writer.add(good);
    expect(writer.take()).toStrictEqual(concat(encodeFrame(good), encodeFrame(good)));
  });
});

/** A frame with one field changed into something that our own sender refuses to write. */
function patched(message: Message, from: readonly number[], to: readonly number[]): Uint8Array {
  const bytes = withoutPrefix(encodeFrame(message)).slice();
  const at = Buffer.from(bytes).indexOf(Buffer.from(from));
  expect(at).toBeGreaterThanOrEqual(0);
  bytes.set(to, at);
  return bytes;
}

describe('a receiver', () => {
  test('refuses one contact too many', () => {
    const list = concat(
      ...many(limits.contactsMax + 1, withoutPrefix(encodeFrame({ type: 'tableReply', row: 0, contacts: [contact] })).subarray(3)),
    );
    // The contacts of a table reply are field 2, the members of a refused route are too.
    const body = concat([0x08, 0x01], list);
    const origin = withoutPrefix(encodeFrame({ type: 'routeAck', request })).subarray(0, -3);
    const frame = (content: Uint8Array): Uint8Array =>
      concat(origin, [0xea, 0x01, (content.length & 0x7f) | 0x80, ((content.length >> 7) & 0x7f) | 0x80, content.length >> 14], content);
    expect(codeOf(() => decodeFrame(frame(body)))).toBe('limit');
    expect(codeOf(() => decodeFrame(frame(body.subarray(0, body.length - list.length / (limits.contactsMax + 1)))))).toBe('none');
  });

  test('refuses an id of 31 bytes', () => {
    const frame = patched({ type: 'findNext', request, key: id }, [0xfa, 0x01, 34, 0x0a, 32], [0xfa, 0x01, 34, 0x0a, 31]);
    expect(codeOf(() => decodeFrame(frame))).toBe('limit');
  });

  test('refuses a multihash that is not sha2-256', () => {
    expect(codeOf(() => decodeFrame(patched(offer(1), [0x12, 0x20, 0, 0], [0x11, 0x20, 0, 0])))).toBe('limit');
    expect(codeOf(() => decodeFrame(patched(offer(1), [0x12, 0x20, 0, 0], [0x12, 0x21, 0, 0])))).toBe('limit');
  });

  test('refuses a block above 2 MiB', () => {
    // 2 MiB is the varint 80 80 80 01.
    expect(codeOf(() => decodeFrame(patched(offer(limits.blockBytesMax), [0x80, 0x80, 0x80, 0x01], [0x81, 0x80, 0x80, 0x01])))).toBe(
      'limit',
    );
  });

  test('refuses a row beyond the last digit of an id', () => {
    expect(codeOf(() => decodeFrame(patched({ type: 'tableRequest', row: 63 }, [0x08, 63], [0x08, 64])))).toBe('limit');
  });

  test('refuses a heartbeat period above a minute', () => {
    const heartbeat: Message = { type: 'heartbeat', status: 'active', periodMs: limits.heartbeatMsMax };
    // 60,000 is the varint e0 d4 03.
    expect(codeOf(() => decodeFrame(patched(heartbeat, [0x10, 0xe0, 0xd4, 0x03], [0x10, 0xe1, 0xd4, 0x03])))).toBe('limit');
  });

  test('refuses a frame above its limit', () => {
    expect(codeOf(() => decodeFrame(new Uint8Array(limits.frameBytesMax + 1)))).toBe('limit');
  });
});

test('the largest message within all limits fits into a frame', () => {
  const contactsMax = many(limits.contactsMax, largest);
  const path = many(limits.hopsMax, { id, rttMs: limits.rttUsMax });
  const message = routeReply({ replicaSet: contactsMax, contacts: contactsMax, path });
  expect(encodedSize(message)).toBeLessThanOrEqual(limits.frameBytesMax);
  expect(decodeFrame(withoutPrefix(encodeFrame(message))).kind).toBe('message');
});

test('every transfer header fits its limit', () => {
  fc.assert(
    fc.property(transferHeaders, (header) => {
      const integers = { incarnation: limits.integerMax, counter: limits.integerMax };
      const largestHeader = {
        ...header,
        request: { ...header.request, ...integers },
        block: { ...header.block, size: limits.blockBytesMax },
      };
      expect(encodeTransferHeader(largestHeader).length).toBeLessThanOrEqual(limits.transferHeaderBytesMax);
    }),
    { numRuns: 20 },
  );
});
