import { readFileSync } from 'node:fs';
import { type Contact, Id } from '@dht/overlay';
import type { Message } from '@dht/storage';
import {
  decodeFrame,
  decodeHello,
  decodeTransferHeader,
  encodeFrame,
  encodeHello,
  encodeTransferHeader,
  encodeUnsupported,
  limits,
  WireError,
} from '@dht/wire';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { hellos, messagesByType, requestIds, transferHeaders } from './arbitraries.ts';
import { withoutPrefix } from './bytes.ts';
import { idOf, unsealed } from './peer-records.ts';

/**
 * The schema read by an implementation of protobuf that has nothing to do with ours: bytes of the codec mean there what the message
 * said, and what it writes itself means the same here.
 */
const schema = protobuf.parse(readFileSync(new URL('../dht.proto', import.meta.url), 'utf8'), { alternateCommentMode: true }).root;
schema.resolveAll();
const Frame = schema.lookupType('dht.Frame');
const bodyFields = Frame.oneofs.message?.fieldsArray ?? [];

type Plain = unknown;

/** A value as the other implementation decoded it, with bytes as hexadecimal digits and enum values as this program names them. */
function plainOf(field: protobuf.Field, value: unknown): Plain {
  const type = field.resolvedType;
  if (type instanceof protobuf.Type) return plainMessage(type, value as protobuf.Message);
  if (type instanceof protobuf.Enum) return enumName(type, value as number);
  if (field.type === 'bytes') return Buffer.from(value as Uint8Array).toString('hex');
  return field.type === 'bool' ? value : Number(value);
}

/** Fields that are not there read as their default, except messages and what is marked optional. */
function plainMessage(type: protobuf.Type, message: protobuf.Message): Plain {
  const values = message as unknown as Record<string, unknown>;
  const plain: Record<string, Plain> = {};
  for (const field of type.fieldsArray) {
    const value = values[field.name];
    if (field.repeated) plain[field.name] = (value as unknown[]).map((element) => plainOf(field, element));
    else if (Object.hasOwn(values, field.name)) plain[field.name] = plainOf(field, value);
    else if (!(field.resolvedType instanceof protobuf.Type) && field.partOf === null)
      plain[field.name] = plainOf(field, field.defaultValue);
  }
  return plain;
}

/** `SHORTFALL_TOO_FEW_NODES` of the enum `Shortfall` is `too-few-nodes`. */
function enumName(type: protobuf.Enum, value: number): string {
  const prefix = `${type.name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}_`;
  const name = type.valuesById[value] ?? '';
  expect(name.startsWith(prefix)).toBe(true);
  return name.slice(prefix.length).toLowerCase().replaceAll('_', '-');
}

/** One of our own values in the same form. */
function plainOfOurs(value: unknown): Plain {
  if (value instanceof Id) return value.hex;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plainOfOurs);
  if (typeof value !== 'object' || value === null) return value;
  if ('addressSeq' in value) return plainContact(value as Contact);
  return Object.fromEntries(Object.entries(value).flatMap(([name, content]) => plainProperty(name, content)));
}

/** In parts if its address can be taken apart and belongs to it. */
function plainContact({ id, incarnation, role, address, addressSeq }: Contact): Plain {
  const parts = unsealed(address);
  const inParts = parts !== undefined && parts.seq === addressSeq && idOf(parts.publicKey).equals(id);
  const form = inParts
    ? { id: '', address: '', publicKey: parts.publicKey, signature: parts.signature, multiaddrs: parts.multiaddrs }
    : { id, address, publicKey: '', signature: '', multiaddrs: [] };
  return { ...(plainOfOurs(form) as object), incarnation, role, addressSeq };
}

/** The two places where the wire says it differently: microseconds, and no size for a key that is not held. */
function plainProperty(name: string, content: unknown): [string, Plain][] {
  if (name === 'rttMs') return [['rttUs', Math.round((content as number) * 1000)]];
  return name === 'size' && content === -1 ? [] : [[name, plainOfOurs(content)]];
}

/** An id as the wire cuts it off. */
function withoutZeros(hex: unknown): string {
  return (hex as string).replace(/(00)+$/, '') || '00';
}

function requestInBrief(request: unknown): Plain {
  const { origin, ...others } = request as Record<string, unknown>;
  return { origin: withoutZeros(origin), ...others };
}

/** Names one behind the other, and ids cut off. */
function leafSetInBrief({ named, wanted, failed }: Extract<Message, { type: 'leafSet' }>): Record<string, Plain> {
  return {
    named: named.join(''),
    wanted: wanted.join(''),
    failed: failed.map(({ id, ...others }) => ({ id: withoutZeros(id.hex), ...others })),
  };
}

/** A frame with the message, as the schema has it. */
function plainFrame(message: Message): Plain {
  const { type, request, mail, ...fields } = plainOfOurs(message) as Record<string, unknown>;
  if (type === 'route') fields.key = withoutZeros(fields.key);
  if (message.type === 'routeReply' && message.root !== undefined) fields.root = withoutZeros(fields.root);
  if (message.type === 'leafSet') Object.assign(fields, leafSetInBrief(message));
  if (message.type === 'relay' || message.type === 'relayed') fields.mail = plainFrame(message.mail);
  // Behind the field of a message the schema says whether it names a request.
  const correlation = Frame.fields[message.type]?.comment?.split(':')[0] ?? '';
  expect(['', 'request', 'reply_to']).toContain(correlation);
  const named = correlation === '' ? {} : { [correlation === 'request' ? 'request' : 'replyTo']: requestInBrief(request) };
  return { ...named, [message.type]: fields };
}

test('the schema and the program have the same types of messages', () => {
  const types = Object.keys(messagesByType);
  expect(bodyFields.map(({ name }) => name)).toStrictEqual(['unsupported', ...types]);
});

describe('the schema says what the bytes of a message mean', () => {
  for (const [type, arbitrary] of Object.entries<fc.Arbitrary<Message>>(messagesByType)) {
    test(type, () => {
      fc.assert(
        fc.property(arbitrary, (message) => {
          const theirs = Frame.decode(withoutPrefix(encodeFrame(message)));
          expect(plainMessage(Frame, theirs)).toStrictEqual(plainFrame(message));
          expect(decodeFrame(Frame.encode(theirs).finish())).toStrictEqual({ kind: 'message', message });
        }),
        { numRuns: 40 },
      );
    });
  }

  test('unsupported', () => {
    fc.assert(
      fc.property(requestIds, fc.nat({ max: limits.uint32Max }), (request, messageType) => {
        const theirs = Frame.decode(withoutPrefix(encodeUnsupported(request, messageType)));
        expect(plainMessage(Frame, theirs)).toStrictEqual({ replyTo: requestInBrief(plainOfOurs(request)), unsupported: { messageType } });
      }),
      { numRuns: 40 },
    );
  });
});

test('mail that is to be passed on holds no relay, no put result and nothing unknown', () => {
  const [relay, putResult] = [messagesByType.relay, messagesByType.putResult].map((arbitrary) =>
    Frame.toObject(Frame.decode(withoutPrefix(encodeFrame(fc.sample(arbitrary as fc.Arbitrary<Message>, { numRuns: 1, seed: 1 })[0]!)))),
  );
  for (const mail of [relay, putResult, { unsupported: {} }]) {
    const frame = Frame.encode({ relay: { ...relay?.relay, mail } }).finish();
    expect(decodeFrame(frame)).toStrictEqual({ kind: 'unknown', messageType: 71 });
  }
});

test('the schema says what the bytes of a Hello mean', () => {
  const type = schema.lookupType('dht.Hello');
  fc.assert(
    fc.property(hellos, (hello) => {
      const theirs = type.decode(withoutPrefix(encodeHello(hello)));
      expect(plainMessage(type, theirs)).toStrictEqual(plainOfOurs(hello));
      expect(decodeHello(type.encode(theirs).finish())).toStrictEqual(hello);
    }),
    { numRuns: 100 },
  );
});

test('the schema says what the bytes of a transfer header mean', () => {
  const type = schema.lookupType('dht.TransferHeader');
  fc.assert(
    fc.property(transferHeaders, (header) => {
      const theirs = type.decode(withoutPrefix(encodeTransferHeader(header)));
      const plain = plainOfOurs(header) as Record<string, unknown>;
      expect(plainMessage(type, theirs)).toStrictEqual({ ...plain, request: requestInBrief(plain.request) });
      expect(decodeTransferHeader(type.encode(theirs).finish())).toStrictEqual(header);
    }),
    { numRuns: 100 },
  );
});

/** Every list of a message, with the limit that the schema's comment gives it. */
const lists = bodyFields.flatMap((body) => {
  const { fieldsArray } = body.resolvedType as protobuf.Type;
  return fieldsArray
    .filter(({ repeated }) => repeated)
    .map((list) => ({ body: body.name as Message['type'], list: list.name, comment: list.comment }));
});

test.each(lists)('$body.$list holds as many elements as its comment says', ({ body, list, comment }) => {
  const max = Number(/at most (\d+)/.exec(comment ?? '')?.[1]);
  const samples = fc.sample(messagesByType[body] as fc.Arbitrary<Message>, { numRuns: 100, seed: 1 });
  const frames = samples.map(
    (message) => Frame.decode(withoutPrefix(encodeFrame(message))) as unknown as Record<string, Record<string, unknown[]>>,
  );
  const frame = frames.find((candidate) => candidate[body]?.[list]?.length)!;
  const withElements = (count: number): Uint8Array => {
    const content = frame[body]!;
    const copy = { ...frame, [body]: { ...content, [list]: new Array<unknown>(count).fill(content[list]?.[0]) } };
    return Frame.encode(copy).finish();
  };
  expect(decodeFrame(withElements(max)).kind).toBe('message');
  expect(() => decodeFrame(withElements(max + 1))).toThrow(WireError);
});

test('every number that is free in the frame is reserved for something', () => {
  const used = new Set(bodyFields.map(({ id }) => id));
  const free = Array.from({ length: 139 - 3 + 1 }, (_, index) => index + 3).filter((number) => !used.has(number));
  expect(free.filter((number) => !Frame.isReservedId(number))).toStrictEqual([]);
});
