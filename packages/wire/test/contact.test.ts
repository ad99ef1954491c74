import { type Contact, Id } from '@dht/overlay';
import { decodeFrame, encodedSize, encodeFrame, limits, type PeerRecord, WireError } from '@dht/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contactsInParts } from './arbitraries.ts';
import { concat, withoutPrefix } from './bytes.ts';
import { idOf, sealed } from './peer-records.ts';

const ofTwoAddresses: PeerRecord = {
  publicKey: new Uint8Array(32).fill(0x11),
  seq: 7,
  multiaddrs: [Uint8Array.of(4, 10, 0, 0, 1, 6, 0x0f, 0xa1), Uint8Array.of(4, 192, 168, 0, 1, 6, 0x0f, 0xa1)],
  signature: new Uint8Array(64).fill(0x22),
};

const contactOf = (parts: PeerRecord, change: Partial<Contact> = {}): Contact => ({
  id: idOf(parts.publicKey),
  incarnation: 1,
  role: 'full',
  address: sealed(parts),
  addressSeq: parts.seq,
  ...change,
});

/** What a contact adds to a message. */
const sizeOf = (contact: Contact): number => {
  const frame = encodeFrame({ type: 'tableReply', row: 0, contacts: [contact] });
  expect(encodedSize({ type: 'tableReply', row: 0, contacts: [contact] })).toBe(frame.length);
  return frame.length;
};

const travelled = (contact: Contact): unknown => {
  const decoded = decodeFrame(withoutPrefix(encodeFrame({ type: 'tableReply', row: 0, contacts: [contact] })));
  return decoded.kind === 'message' && decoded.message.type === 'tableReply' ? decoded.message.contacts[0] : undefined;
};

describe('a contact with a signed peer record', () => {
  test('travels in parts: 128 bytes instead of 222', () => {
    const hex = Buffer.from(encodeFrame({ type: 'tableReply', row: 0, contacts: [contactOf(ofTwoAddresses)] })).toString('hex');
    const addresses = '6208040a000001060fa1 620804c0a80001060fa1';
    const expected = `8401 ba02 8001 12 7e 1001 1801 2807 5220${'11'.repeat(32)} 5a40${'22'.repeat(64)} ${addresses}`;
    expect(hex).toBe(expected.replaceAll(' ', ''));
    expect(sizeOf(contactOf(ofTwoAddresses, { addressSeq: 8 })) - sizeOf(contactOf(ofTwoAddresses))).toBe(94);
  });

  test('has the same bytes when it arrives, so that the signature holds', () => {
    fc.assert(
      fc.property(contactsInParts, (contact) => {
        expect(travelled(contact)).toStrictEqual(contact);
        expect(sizeOf(contact)).toBeLessThan(contact.address.length);
      }),
    );
  });

  test.each<[string, Contact]>([
    ['of another node', contactOf(ofTwoAddresses, { id: Id.fromHex('a'.repeat(64)) })],
    ['with another sequence number than the contact', contactOf(ofTwoAddresses, { addressSeq: 8 })],
    ['with a field that no record has', contactOf(ofTwoAddresses, { address: concat(sealed(ofTwoAddresses), [0x32, 0x00]) })],
    ['with more addresses than may travel', contactOf({ ...ofTwoAddresses, multiaddrs: Array(limits.multiaddrsMax + 1).fill([4]) })],
    ['with an address that is too long', contactOf({ ...ofTwoAddresses, multiaddrs: [new Uint8Array(limits.multiaddrBytesMax + 1)] })],
    ['with an empty address', contactOf({ ...ofTwoAddresses, multiaddrs: [new Uint8Array(0)] })],
  ])('travels whole when the record is one %s', (_, contact) => {
    expect(travelled(contact)).toStrictEqual(contact);
    expect(sizeOf(contact)).toBeGreaterThan(contact.address.length);
  });

  test('travels whole whenever a byte of it is not what libp2p writes', () => {
    fc.assert(
      fc.property(contactsInParts, fc.nat(), fc.integer({ min: 1, max: 255 }), (contact, at, change) => {
        const address = contact.address.slice();
        address[at % address.length]! ^= change;
        expect(travelled({ ...contact, address })).toStrictEqual({ ...contact, address });
      }),
      { numRuns: 500 },
    );
  });
});

describe('a receiver', () => {
  const key = concat([0x52, 32], new Uint8Array(32));
  const signature = concat([0x5a, 64], new Uint8Array(64));
  const id = concat([0x0a, 32], new Uint8Array(32));
  const role = [0x18, 0x01];
  const frameOf = (...fields: readonly (Uint8Array | readonly number[])[]): Uint8Array => {
    const contact = concat(...fields);
    const body = concat([0x12, ...varint(contact.length)], contact);
    return concat([0xba, 0x02, ...varint(body.length)], body);
  };

  test('takes a contact in parts that has no address', () => {
    expect(decodeFrame(frameOf(role, key, signature))).toMatchObject({ kind: 'message', message: { contacts: [{ role: 'full' }] } });
  });

  test.each<[string, string, readonly (Uint8Array | readonly number[])[]]>([
    ['neither id nor key', 'missing', [role]],
    ['a key without a signature', 'missing', [role, key]],
    ['a signature without a key', 'missing', [role, signature]],
    ['an id and a key', 'malformed', [id, role, key, signature]],
    ['an id and an address in parts', 'malformed', [id, role, [0x62, 1, 4]]],
    ['an address whole and in parts', 'malformed', [role, [0x22, 1, 4], key, signature]],
    ['a key of 31 bytes', 'limit', [role, concat([0x52, 31], new Uint8Array(31)), signature]],
    ['a signature of 65 bytes', 'limit', [role, key, concat([0x5a, 65], new Uint8Array(65))]],
    ['an empty address', 'limit', [role, key, signature, [0x62, 0]]],
    ['33 addresses', 'limit', [role, key, signature, ...Array(33).fill([0x62, 1, 4])]],
    ['a record above 2 KiB', 'limit', [role, key, signature, ...Array(9).fill(concat([0x62, ...varint(255)], new Uint8Array(255)))]],
  ])('refuses a contact with %s', (_, code, fields) => {
    expect(() => decodeFrame(frameOf(...fields))).toThrow(WireError);
    expect(() => decodeFrame(frameOf(...fields))).toThrow(expect.objectContaining({ code }));
  });
});

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >> 7)];
}
