import { createHash } from 'node:crypto';
import { type Contact, Id } from '@dht/overlay';
import type { PeerId, PrivateKey } from '@libp2p/interface';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import { PeerRecord, RecordEnvelope } from '@libp2p/peer-record';
import type { Multiaddr } from '@multiformats/multiaddr';

/** What a signed peer record says, its signature verified. */
export interface AddressRecord {
  readonly id: Id;
  readonly peerId: PeerId;
  readonly seq: number;
  /** Without `/p2p/…`. */
  readonly multiaddrs: readonly Multiaddr[];
}

const recordsMax = 4096;

/**
 * Verifies the signed peer records that contacts carry (libp2p RFC 0003), each one once: a signature takes 0.13 ms and the same
 * contacts come again and again. Holds the records that were met last.
 */
export class AddressBook {
  readonly #records = new Map<string, AddressRecord>();
  /** The codec hands out one object for contacts that come again and again, so most need no more than this. */
  readonly #verified = new WeakMap<Contact, AddressRecord>();
  #rejected = 0;

  /** Contacts so far that were not what their record proves. */
  get rejected(): number {
    return this.#rejected;
  }

  /** The record of a contact that was verified before. */
  known(contact: Contact): AddressRecord | undefined {
    const verified = this.#verified.get(contact);
    if (verified !== undefined) return verified;
    const key = keyOf(contact.address);
    const record = this.#records.get(key);
    if (record === undefined || !belongsTo(record, contact)) return undefined;
    // A Map keeps insertion order: what is met again moves to the young end.
    this.#records.delete(key);
    this.#records.set(key, record);
    this.#verified.set(contact, record);
    return record;
  }

  /** The record of a contact; undefined, and counted, when it is none or another node's. */
  async verify(contact: Contact): Promise<AddressRecord | undefined> {
    const known = this.known(contact);
    if (known !== undefined) return known;
    const record = await openRecord(contact.address);
    if (record === undefined || !belongsTo(record, contact)) {
      this.#rejected++;
      return undefined;
    }
    this.#remember(contact.address, record);
    return record;
  }

  /** The record in an envelope without a contact around it, such as a peer's Hello. */
  async open(envelope: Uint8Array): Promise<AddressRecord | undefined> {
    const known = this.#records.get(keyOf(envelope));
    if (known !== undefined) return known;
    const record = await openRecord(envelope);
    if (record === undefined) this.#rejected++;
    else this.#remember(envelope, record);
    return record;
  }

  #remember(envelope: Uint8Array, record: AddressRecord): void {
    this.#records.set(keyOf(envelope), record);
    if (this.#records.size <= recordsMax) return;
    for (const oldest of this.#records.keys()) {
      this.#records.delete(oldest);
      break;
    }
  }
}

/** Node id of a peer: SHA-256 of the bytes of its peer id (DESIGN §2), the same that kad-dht uses. */
export function nodeId(peerId: PeerId): Id {
  return Id.fromBytes(createHash('sha256').update(peerId.toMultihash().bytes).digest());
}

/** Seals what others need to reach this node. `seq` must be higher than that of every record before. */
export async function sealRecord(privateKey: PrivateKey, multiaddrs: readonly Multiaddr[], seq: number): Promise<Uint8Array> {
  const peerId = peerIdFromPublicKey(privateKey.publicKey);
  const record = new PeerRecord({ peerId, multiaddrs: [...multiaddrs], seqNumber: BigInt(seq) });
  const envelope = await RecordEnvelope.seal(record, privateKey);
  return envelope.marshal();
}

async function openRecord(bytes: Uint8Array): Promise<AddressRecord | undefined> {
  try {
    const envelope = await RecordEnvelope.openAndCertify(bytes, PeerRecord.DOMAIN);
    const record = PeerRecord.createFromProtobuf(envelope.payload);
    const peerId = peerIdFromPublicKey(envelope.publicKey);
    if (!record.peerId.equals(peerId)) return undefined;
    return { id: nodeId(peerId), peerId, seq: Number(record.seqNumber), multiaddrs: record.multiaddrs };
  } catch {
    // Whatever is wrong with bytes from the network, they are no record.
    return undefined;
  }
}

function belongsTo(record: AddressRecord, contact: Contact): boolean {
  return record.id.equals(contact.id) && record.seq === contact.addressSeq;
}

function keyOf(envelope: Uint8Array): string {
  return Buffer.from(envelope.buffer, envelope.byteOffset, envelope.byteLength).toString('latin1');
}
