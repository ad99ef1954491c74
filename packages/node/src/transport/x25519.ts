import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { ICryptoInterface, KeyPair } from '@chainsafe/libp2p-noise';

// DER headers in front of the 32 raw bytes (RFC 8410).
const pkcs8Header = Buffer.from('302e020100300506032b656e04220420', 'hex');
const spkiHeader = Buffer.from('302a300506032b656e032100', 'hex');

/** A new key pair for one handshake, raw: 32 bytes each. */
export function x25519KeyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('x25519', {
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
  return { publicKey: publicKey.subarray(spkiHeader.length), privateKey: privateKey.subarray(pkcs8Header.length) };
}

/** The pair of a given raw private key. */
export function x25519KeyPairFromSeed(seed: Uint8Array): KeyPair {
  const publicKey = createPublicKey(privateKeyObject(seed)).export({ type: 'spki', format: 'der' });
  return { publicKey: publicKey.subarray(spkiHeader.length), privateKey: seed };
}

type Key = Parameters<ICryptoInterface['generateX25519SharedKey']>[0];

export function x25519SharedKey(privateKey: Key, publicKey: Key): Uint8Array {
  return diffieHellman({
    privateKey: privateKeyObject(privateKey.subarray()),
    publicKey: createPublicKey({ key: Buffer.concat([spkiHeader, publicKey.subarray()]), type: 'spki', format: 'der' }),
  });
}

function privateKeyObject(raw: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([pkcs8Header, raw]), type: 'pkcs8', format: 'der' });
}
