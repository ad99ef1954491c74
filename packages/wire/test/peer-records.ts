import { createHash } from 'node:crypto';
import { Id } from '@dht/overlay';
import type { PeerRecord } from '@dht/wire';
import fc from 'fast-check';
import protobuf from 'protobufjs';

/** Signed peer records as libp2p specifies them (RFC 0002, RFC 0003), written by an implementation that has nothing to do with ours. */
const schema = protobuf.parse(`
  syntax = "proto3";
  message PublicKey { uint32 type = 1; bytes data = 2; }
  message AddressInfo { bytes multiaddr = 1; }
  message PeerRecord { bytes peer_id = 1; uint64 seq = 2; repeated AddressInfo addresses = 3; }
  message Envelope { PublicKey public_key = 1; bytes payload_type = 2; bytes payload = 3; bytes signature = 5; }
`).root;
const Envelope = schema.lookupType('Envelope');
const Payload = schema.lookupType('PeerRecord');
const ed25519 = 1;

interface EnvelopeFields {
  readonly publicKey: { readonly data: Uint8Array };
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

interface PayloadFields {
  readonly seq: number;
  readonly addresses: readonly { readonly multiaddr: Uint8Array }[];
}

export function sealed({ publicKey, seq, multiaddrs, signature }: PeerRecord): Uint8Array {
  const addresses = multiaddrs.map((multiaddr) => ({ multiaddr }));
  const peerRecord = { peerId: peerIdOf(publicKey), ...(seq > 0 && { seq }), ...(addresses.length > 0 && { addresses }) };
  const payload = Payload.encode(Payload.fromObject(peerRecord)).finish();
  const envelope = { publicKey: { type: ed25519, data: publicKey }, payloadType: Uint8Array.of(3, 1), payload, signature };
  // A copy: the other implementation hands out parts of a pool.
  return new Uint8Array(Envelope.encode(Envelope.fromObject(envelope)).finish());
}

/** The parts of a record; undefined when its bytes are not those that libp2p writes for an Ed25519 key. */
export function unsealed(record: Uint8Array): PeerRecord | undefined {
  try {
    const { publicKey, payload, signature } = Envelope.decode(record) as unknown as EnvelopeFields;
    const { seq, addresses } = Payload.decode(payload) as unknown as PayloadFields;
    const multiaddrs = addresses.map(({ multiaddr }) => new Uint8Array(multiaddr));
    const parts = { publicKey: new Uint8Array(publicKey.data), seq: Number(seq), multiaddrs, signature: new Uint8Array(signature) };
    return Buffer.compare(sealed(parts), record) === 0 ? parts : undefined;
  } catch {
    return undefined;
  }
}

export function idOf(publicKey: Uint8Array): Id {
  return Id.fromBytes(createHash('sha256').update(peerIdOf(publicKey)).digest());
}

function peerIdOf(publicKey: Uint8Array): Uint8Array {
  return Uint8Array.of(0x00, 0x24, 0x08, ed25519, 0x12, 0x20, ...publicKey);
}

const ofLength = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });

export const peerRecords: fc.Arbitrary<PeerRecord> = fc.record({
  publicKey: ofLength(32),
  seq: fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat()),
  multiaddrs: fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 4 }),
  signature: ofLength(64),
});
