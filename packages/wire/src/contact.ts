import type { Contact, Id, Role } from '@dht/overlay';
import { bytes, id, type Kind, oneOf, uint } from './kind.ts';
import { limits } from './limits.ts';
import { decodePeerRecord, encodePeerRecord, idOfKey, multiaddr, publicKey, signature } from './peer-record.ts';
import { RecentContacts } from './recent-contacts.ts';
import { implicit, noBytes, optional, type RecordKind, record, repeated, required } from './record.ts';
import { WireError } from './wire-error.ts';

export const role: Kind<Role> = oneOf('full', 'client');
export const address: Kind<Uint8Array> = bytes(0, limits.addressBytesMax);

/**
 * A contact as it travels: with its id and its address, or, when the address is the signed peer record of an Ed25519 key as libp2p
 * writes it, with the parts of that, from which the receiver makes the same bytes. With two addresses of IPv4 that is 126 bytes instead of 219.
 */
interface ContactOnWire {
  readonly id?: Id;
  readonly incarnation: number;
  readonly role: Role;
  readonly address: Uint8Array;
  readonly addressSeq: number;
  readonly publicKey?: Uint8Array;
  readonly signature?: Uint8Array;
  readonly multiaddrs: readonly Uint8Array[];
}

const onWire: RecordKind<ContactOnWire> = record<ContactOnWire>('Contact', {
  id: optional(1, id),
  incarnation: implicit(2, uint(), 0),
  role: required(3, role),
  address: implicit(4, address, noBytes),
  addressSeq: implicit(5, uint(), 0),
  publicKey: optional(10, publicKey),
  signature: optional(11, signature),
  multiaddrs: repeated(12, multiaddr, limits.multiaddrsMax),
});

export const contact: Kind<Contact> = new RecentContacts(onWire, { disassemble, assemble });

/** In parts if all of the contact follows from them. */
function disassemble({ id, incarnation, role, address, addressSeq }: Contact): ContactOnWire {
  const parts = decodePeerRecord(address);
  if (parts === undefined || parts.seq !== addressSeq || !idOfKey(parts.publicKey).equals(id))
    return { id, incarnation, role, address, addressSeq, multiaddrs: [] };
  const { publicKey, signature, multiaddrs } = parts;
  return { incarnation, role, address: noBytes, addressSeq, publicKey, signature, multiaddrs };
}

/** Throws a `WireError` when the parts do not belong together. */
function assemble({ id, incarnation, role, address, addressSeq, publicKey, signature, multiaddrs }: ContactOnWire): Contact {
  if (id !== undefined) {
    const hasParts = publicKey !== undefined || signature !== undefined || multiaddrs.length > 0;
    if (hasParts) throw new WireError('malformed', 'a contact says in two ways who it is');
    return { id, incarnation, role, address, addressSeq };
  }
  if (publicKey === undefined || signature === undefined) throw new WireError('missing', 'a contact has neither an id nor a signed key');
  if (address.length > 0) throw new WireError('malformed', 'a contact has an address and the parts of one');
  const record = encodePeerRecord({ publicKey, seq: addressSeq, multiaddrs, signature });
  if (record.length > limits.addressBytesMax) throw new WireError('limit', `an address of ${record.length} bytes`);
  return { id: idOfKey(publicKey), incarnation, role, address: record, addressSeq };
}
