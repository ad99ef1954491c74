import { createHash } from 'node:crypto';
import { assert, type Id, type SeededRandom } from '@dht/overlay';
import { decodePeerRecord, encodePeerRecord, idOfKey } from '@dht/wire';
import { randomBytes } from '../engine/distributions.ts';

const publicKeyBytes = 32;
/** Multicodecs of IP addresses, and TCP with port 4001. */
const ip4 = 0x04;
const ip6 = 0x29;
const tcp = [0x06, 0x0f, 0xa1] as const;

/** Who a machine is, whatever runs on it. */
export interface Identity {
  readonly id: Id;
  /** 32 bytes in the place of an Ed25519 key: nobody signs here, and nobody verifies. */
  readonly publicKey: Uint8Array;
}

export function randomIdentity(random: SeededRandom): Identity {
  const publicKey = randomBytes(random, publicKeyBytes);
  return { id: idOfKey(publicKey), publicKey };
}

/** No key is known whose node has a chosen id, so that contacts of it travel whole. */
export function identityOf(id: Id): Identity {
  return { id, publicKey: id.toBytes() };
}

/**
 * Cores never look into an address. It has the shape and the length of the signed peer record of a daemon with two addresses, one of
 * IPv4 and one of IPv6, so that traffic counts what a daemon would send.
 */
export function peerRecordOf(publicKey: Uint8Array, seq: number): Uint8Array {
  const digest = createHash('sha512').update(publicKey).digest();
  const multiaddrs = [Uint8Array.of(ip4, ...digest.subarray(0, 4), ...tcp), Uint8Array.of(ip6, ...digest.subarray(4, 20), ...tcp)];
  const record = encodePeerRecord({ publicKey, seq, multiaddrs, signature: new Uint8Array(digest) });
  // Small buffers lie side by side in one piece of memory. One of its own takes as much again for its administration.
  const { buffer, byteOffset, length } = Buffer.from(record);
  return new Uint8Array(buffer, byteOffset, length);
}

/** The next record of the same machine. */
export function renewedRecord(record: Uint8Array, seq: number): Uint8Array {
  const publicKey = decodePeerRecord(record)?.publicKey;
  assert(publicKey !== undefined, 'a machine has a record of its own making');
  return peerRecordOf(publicKey, seq);
}
