import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Contact } from '../src/contact.ts';
import { Id } from '../src/id.ts';
import { nameOf } from '../src/member-name.ts';
import { PeerIndex } from '../src/peer-index.ts';
import { Peer } from '../src/peers.ts';

/** Many of them share their upper bits, by which the index finds them. */
const anyId = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }).map((value) => Id.fromBigInt(value)),
  fc.bigInt({ min: 0n, max: 200n }).map((value) => Id.fromBigInt(value)),
);
const someIds = fc.uniqueArray(anyId, { maxLength: 300, selector: ({ hex }) => hex });

test('finds every peer that was added and nobody else, and keeps their order', () => {
  fc.assert(
    fc.property(someIds, someIds, (added, others) => {
      const index = new PeerIndex();
      const peers = added.map((id) => new Peer({ id, incarnation: 1, role: 'full', address: new Uint8Array(0), addressSeq: 0 }));
      for (const peer of peers) index.add(peer);
      expect(index.all()).toEqual(peers);
      const byHex = new Map(peers.map((peer) => [peer.id.hex, peer]));
      for (const { hex } of [...added, ...others]) expect(index.get(Id.fromHex(hex))).toBe(byHex.get(hex));
      for (const { contact } of peers) {
        const name = nameOf(contact);
        expect(index.named(name)?.contact).toSatisfy((found: Contact) => nameOf(found) === name);
        expect(index.named(nameOf({ ...contact, addressSeq: 1 }))).toBeUndefined();
      }
    }),
  );
});
