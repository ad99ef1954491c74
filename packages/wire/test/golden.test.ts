import { type Contact, Id } from '@dht/overlay';
import type { Message } from '@dht/storage';
import {
  encodeFrame,
  encodeHello,
  encodeNetworkDescriptor,
  encodeTransferHeader,
  encodeUnsupported,
  type NetworkDescriptor,
} from '@dht/wire';
import { describe, expect, test } from 'vitest';

/** Bytes of version 1. When one of these changes, nodes of before and after no longer understand each other. */

const id = (byte: number): Id => Id.fromBytes(new Uint8Array(32).fill(byte));
const request = { origin: id(0xa1), incarnation: 3, counter: 300 };
const multihash = Uint8Array.of(0x12, 0x20, ...new Uint8Array(32).fill(0xb2));
const storeId = '00112233445566778899aabbccddeeff';
const contact: Contact = { id: id(0xc3), incarnation: 2, role: 'full', address: Uint8Array.of(1, 2, 3), addressSeq: 1_700_000_000_000 };
const network: NetworkDescriptor = { nonce: new Uint8Array(32).fill(0x77), replicas: 3, writeQuorum: 2, formatVersion: 1 };

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const hexId = (byte: string): string => `20${byte.repeat(32)}`;
const hexRequest = `27 0a ${hexId('a1')} 10 03 18 ac02`;
const hexBlock = `49 0a ${hexId('d4')} 12 22 1220${'b2'.repeat(32)} 18 8010`;
const hexContact = `32 0a ${hexId('c3')} 10 02 18 01 22 03 010203 28 80d095ffbc31`;
const hexNetwork = `0a ${hexId('77')} 10 03 18 02 20 01`;

/** The digits of `parts`, without the spaces that part fields from each other. */
const digits = (...parts: readonly string[]): string => parts.join('').replaceAll(' ', '');

describe('golden bytes of a frame', () => {
  test.each<[string, Message, string]>([
    ['heartbeat', { type: 'heartbeat', status: 'active', periodMs: 1000 }, digits('08 a201 05 08 02 10 e807')],
    ['heartbeat without a promise', { type: 'heartbeat', status: 'active' }, digits('05 a201 02 08 02')],
    ['probe', { type: 'probe', nonce: 300, status: 'joining' }, digits('08 aa01 05 08 01 10 ac02')],
    ['joinRequest', { type: 'joinRequest', attempt: 3 }, digits('05 8a02 02 08 03')],
    ['joinRequest, to be passed on', { type: 'joinRequest', attempt: 3, joiner: contact }, digits('39 8a02 36 08 03 12', hexContact)],
    ['leaving', { type: 'leaving', done: true }, digits('05 d201 02 08 01')],
    ['leaving, not done', { type: 'leaving', done: false }, digits('03 d201 00')],
    ['routeAck', { type: 'routeAck', request }, digits('2c 12', hexRequest, 'e201 00')],
    [
      'routeAck, as a hop sends it',
      { type: 'routeAck', request: { ...request, origin: Id.startingWith('a1'.repeat(8)) } },
      digits('14 12 0f 0a 08 a1a1a1a1a1a1a1a1 10 03 18 ac02', 'e201 00'),
    ],
    [
      'leafSet',
      {
        type: 'leafSet',
        purpose: 'compare',
        status: 'active',
        named: ['0102030405060007', '1112131415160017'],
        members: [],
        wanted: ['2122232425260027'],
        failed: [{ id: Id.startingWith('d4'.repeat(6)), incarnation: 2, ageMs: 300 }],
      },
      digits('32 ca01 2f 08 02 2a 0d 0a 06 d4d4d4d4d4d4 10 02 18 ac02 30 03')
        .concat(digits('4a 10 0102030405060007 1112131415160017'))
        .concat(digits('52 08 2122232425260027')),
    ],
    [
      'route',
      {
        type: 'route',
        request,
        purpose: 'lookup',
        key: id(0xd4),
        origin: contact,
        ttl: 31,
        remainingMs: 9_500.4,
        path: [{ id: id(0xe5), rttMs: 1.5 }, { id: id(0xf6) }],
        contacts: [],
      },
      digits('d501 0a', hexRequest, 'da01 a801 08 01 12', hexId('d4'), '1a', hexContact, '20 1f 28 9c4a')
        .concat(digits('32 25 0a', hexId('e5'), '10 dc0b'))
        .concat(digits('32 22 0a', hexId('f6'))),
    ],
    [
      'offer',
      { type: 'offer', request, purpose: 'replicate', block: { key: id(0xd4), multihash, size: 2048 } },
      digits('79 0a', hexRequest, 'e203 4d 08 02 12', hexBlock),
    ],
    [
      'stored',
      { type: 'stored', request, key: id(0xd4), storeId, synced: true, outcome: 'stored' },
      digits('64 12', hexRequest, 'f203 38 0a', hexId('d4'), '12 10', storeId, '18 01 20 01'),
    ],
    [
      'haveReply',
      {
        type: 'haveReply',
        request,
        storeId,
        entries: [
          { size: -1, synced: false },
          { size: 0, synced: true },
        ],
      },
      digits('46 12', hexRequest, '9a04 1a 0a 10', storeId, '12 00 12 04 08 00 10 01'),
    ],
  ])('%s', (_, message, expected) => {
    expect(hexOf(encodeFrame(message))).toBe(expected);
  });

  test('unsupported', () => {
    expect(hexOf(encodeUnsupported(request, 110))).toBe(digits('2e 12', hexRequest, '8201 02 08 6e'));
  });
});

test('golden bytes of a network descriptor, whose hash is the id of a network', () => {
  expect(hexOf(encodeNetworkDescriptor(network))).toBe(digits(hexNetwork));
});

test('golden bytes of a Hello', () => {
  const hello = encodeHello({
    versionMin: 1,
    versionMax: 2,
    features: 5,
    networkId: new Uint8Array(32).fill(0x66),
    network,
    incarnation: 7,
    storeId,
    role: 'client',
    streamSequence: 9,
    status: 'leaving',
    address: Uint8Array.of(1, 2, 3),
  });
  const beginning = digits('71 08 01 10 02 18 05 22', hexId('66'), '2a 28', hexNetwork);
  expect(hexOf(hello)).toBe(beginning + digits('30 07 3a 10', storeId, '40 02 48 09 50 03 5a 03 010203'));
});

test('golden bytes of a transfer header', () => {
  const header = encodeTransferHeader({ request, purpose: 'get', block: { key: id(0xd4), multihash, size: 2048 } });
  expect(hexOf(header)).toBe(digits('76 0a', hexRequest, '10 03 1a', hexBlock));
});
