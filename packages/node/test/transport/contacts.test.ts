import type { Contact } from '@dht/overlay';
import { decodeFrame, encodeFrame, FrameReader } from '@dht/wire';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, describe, expect, it } from 'vitest';
import { AddressBook, nodeId, sealRecord } from '../../src/transport/address-book.ts';
import { OwnContact } from '../../src/transport/own-contact.ts';
import { connect, newKey, startNode, stopAll } from './world.ts';

afterEach(stopAll);

const somewhere = [multiaddr('/ip4/127.0.0.1/tcp/4001')];

async function newContact(addressSeq = 1): Promise<Contact> {
  const privateKey = await newKey();
  const address = await sealRecord(privateKey, somewhere, addressSeq);
  return { id: nodeId(peerIdFromPrivateKey(privateKey)), incarnation: 1, role: 'full', address, addressSeq };
}

/** Contacts whose records do not prove them. */
async function forgeries(): Promise<readonly [string, Contact][]> {
  const [good, other] = [await newContact(), await newContact()];
  const tampered = good.address.slice();
  tampered[tampered.length - 1] = (tampered.at(-1) as number) ^ 1;
  return [
    ["another peer's record", { ...good, address: other.address }],
    ['a signature that does not fit', { ...good, address: tampered }],
    ['a sequence number that is not the one signed', { ...good, addressSeq: 2 }],
    ['no record', { ...good, address: new Uint8Array(0) }],
    ['garbage for a record', { ...good, address: new Uint8Array(100).fill(3) }],
  ];
}

describe('an address book', () => {
  it('knows what a contact it verified proves, and no other contact by it', async () => {
    const book = new AddressBook();
    const contact = await newContact();
    expect(book.known(contact)).toBeUndefined();
    expect(await book.verify(contact)).toMatchObject({ id: contact.id, seq: 1 });
    expect(book.known({ ...contact })?.multiaddrs.map(String)).toEqual(['/ip4/127.0.0.1/tcp/4001']);
    expect(book.known({ ...contact, addressSeq: 2 })).toBeUndefined();
  });

  it('verifies a contact whose record travelled in parts, without the key a second time', async () => {
    const contact = await newContact();
    const frame = encodeFrame({ type: 'tableReply', row: 1, contacts: [contact] });
    expect(frame.length).toBeLessThan(contact.address.length);
    const reader = new FrameReader();
    reader.push(frame);
    const decoded = decodeFrame(reader.next() as Uint8Array);
    expect(decoded).toEqual({ kind: 'message', message: { type: 'tableReply', row: 1, contacts: [contact] } });
    const [travelled] = (decoded as unknown as { message: { contacts: [Contact] } }).message.contacts;
    expect(await new AddressBook().verify(travelled)).toMatchObject({ id: contact.id, seq: 1 });
  });

  it('refuses and counts every forgery', async () => {
    const book = new AddressBook();
    const forged = await forgeries();
    for (const [what, contact] of forged) expect(await book.verify(contact), what).toBeUndefined();
    expect(book.rejected).toBe(forged.length);
  });
});

describe('mail', () => {
  it('reaches its receiver without the contacts that are forged, and in order', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    await connect(alice, bob);
    const good = [await newContact(), await newContact()];
    const forged = (await forgeries()).map(([, contact]) => contact);
    const members = [good[0], ...forged, good[1]] as readonly Contact[];
    alice.transport.send(bob.transport.self, {
      type: 'leafSet',
      purpose: 'push',
      status: 'active',
      named: [],
      members,
      wanted: [],
      failed: [],
    });
    alice.transport.send(bob.transport.self, { type: 'heartbeat', status: 'active' });
    expect((await bob.witness.next('message')).message).toMatchObject({ type: 'leafSet', members: good });
    expect((await bob.witness.next('message')).message).toEqual({ type: 'heartbeat', status: 'active' });
    expect(bob.transport.rejectedContacts).toBe(forged.length);
  });

  it('does not reach it at all when it means nothing without the forged one', async () => {
    const [alice, bob] = [await startNode(), await startNode()];
    await connect(alice, bob);
    const [[, forged]] = (await forgeries()) as [[string, Contact]];
    alice.transport.send(bob.transport.self, {
      type: 'indirectProbe',
      nonce: 1,
      target: { id: forged.id, incarnation: 1 },
      contact: forged,
    });
    alice.transport.send(bob.transport.self, { type: 'heartbeat', status: 'active' });
    expect((await bob.witness.next('message')).message).toEqual({ type: 'heartbeat', status: 'active' });
  });
});

describe("a node's own contact", () => {
  it('is sealed anew, with a higher sequence number, when its addresses change and only then', async () => {
    let seq = 7;
    const privateKey = await newKey();
    const own = await OwnContact.seal({ privateKey, incarnation: 3, role: 'full', nextAddressSeq: () => ++seq }, somewhere);
    const first = own.contact;
    expect(first).toMatchObject({ incarnation: 3, role: 'full', addressSeq: 8 });
    expect(await own.update(somewhere)).toBe(false);
    expect(own.contact).toBe(first);
    expect(await own.update([...somewhere, multiaddr('/ip4/192.0.2.1/tcp/4001')])).toBe(true);
    expect(own.contact).toMatchObject({ id: first.id, incarnation: 3, addressSeq: 9 });
    expect((await new AddressBook().verify(own.contact))?.multiaddrs).toHaveLength(2);
  });
});
