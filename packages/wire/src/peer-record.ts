import { Id } from '@dht/overlay';
import { sha256 } from '@noble/hashes/sha2.js';
import { PbfWriter } from 'pbf';
import { bytes, type Kind, uint } from './kind.ts';
import { limits } from './limits.ts';
import { implicit, type RecordKind, record, repeated, required } from './record.ts';
import { StrictReader } from './strict-reader.ts';
import { WireError } from './wire-error.ts';

/**
 * What a libp2p signed peer record of an Ed25519 key (RFC 0002, RFC 0003) consists of, apart from all that follows: of its bytes
 * half are the key a second time, constants and lengths.
 */
export interface PeerRecord {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly seq: number;
  /** In binary form, at least one byte each. */
  readonly multiaddrs: readonly Uint8Array[];
  /** 64 bytes, over the rest. Whoever uses the record verifies it; the codec does not. */
  readonly signature: Uint8Array;
}

/** A protobuf `PublicKey`: type Ed25519, and 32 bytes of data. */
const keyPrefix = Uint8Array.of(0x08, 0x01, 0x12, limits.publicKeyBytes);
const keyBytes = keyPrefix.length + limits.publicKeyBytes;
/** A peer id is the identity multihash of the key, as it is no longer than 42 bytes. */
const peerIdPrefix = Uint8Array.of(0x00, keyBytes, ...keyPrefix);
const peerIdBytes = peerIdPrefix.length + limits.publicKeyBytes;
/** The multicodec of peer records, 0x0301, as libp2p writes it. */
const payloadType = Uint8Array.of(0x03, 0x01);
/** Nothing shorter is a record. */
const recordBytesMin = 2 + keyBytes + 2 + payloadType.length + 2 + 2 + peerIdBytes + 2 + limits.signatureBytes;

export const publicKey: Kind<Uint8Array> = bytes(limits.publicKeyBytes, limits.publicKeyBytes);
export const signature: Kind<Uint8Array> = bytes(limits.signatureBytes, limits.signatureBytes);
export const multiaddr: Kind<Uint8Array> = bytes(1, limits.multiaddrBytesMax);

interface AddressInfo {
  readonly multiaddr: Uint8Array;
}

interface Payload {
  readonly peerId: Uint8Array;
  readonly seq: number;
  readonly addresses: readonly AddressInfo[];
}

interface Envelope {
  readonly publicKey: Uint8Array;
  readonly payloadType: Uint8Array;
  readonly payload: Payload;
  readonly signature: Uint8Array;
}

const addressInfo: RecordKind<AddressInfo> = record<AddressInfo>('AddressInfo', { multiaddr: required(1, multiaddr) });

const payload: RecordKind<Payload> = record<Payload>('PeerRecord', {
  peerId: required(1, bytes(peerIdBytes, peerIdBytes)),
  seq: implicit(2, uint(), 0),
  addresses: repeated(3, addressInfo, limits.multiaddrsMax),
});

const envelope: RecordKind<Envelope> = record<Envelope>('Envelope', {
  publicKey: required(1, bytes(keyBytes, keyBytes)),
  payloadType: required(2, bytes(payloadType.length, payloadType.length)),
  payload: required(3, payload),
  signature: required(5, signature),
});

/** The bytes that the signer made of this. Throws a `WireError` when a part exceeds its limit. */
export function encodePeerRecord({ publicKey: key, seq, multiaddrs, signature: signed }: PeerRecord): Uint8Array {
  const whole: Envelope = {
    publicKey: concat(keyPrefix, key),
    payloadType,
    payload: { peerId: concat(peerIdPrefix, key), seq, addresses: multiaddrs.map((each) => ({ multiaddr: each })) },
    signature: signed,
  };
  const writer = new PbfWriter(new Uint8Array(envelope.fieldsSize(whole)));
  envelope.writeFields(whole, writer);
  return writer.buf.subarray(0, writer.pos);
}

/** The parts of a record; undefined when these bytes are not exactly those that `encodePeerRecord` makes of them. */
export function decodePeerRecord(record: Uint8Array): PeerRecord | undefined {
  if (record.length < recordBytesMin) return undefined;
  try {
    const { publicKey: key, payload: content, signature: signed } = envelope.readFields(new StrictReader(record));
    const parts: PeerRecord = {
      publicKey: key.subarray(keyPrefix.length),
      seq: content.seq,
      multiaddrs: content.addresses.map((each) => each.multiaddr),
      signature: signed,
    };
    return isSame(encodePeerRecord(parts), record) ? parts : undefined;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

/** The id of the node with this key: SHA-256 of its peer id (DESIGN §2). */
export function idOfKey(key: Uint8Array): Id {
  return Id.fromBytes(sha256(concat(peerIdPrefix, key)));
}

function concat(prefix: Uint8Array, rest: Uint8Array): Uint8Array {
  const whole = new Uint8Array(prefix.length + rest.length);
  whole.set(prefix);
  whole.set(rest, prefix.length);
  return whole;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
