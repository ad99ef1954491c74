import { createCipheriv, randomBytes } from 'node:crypto';
import { Uint8ArrayList } from 'uint8arraylist';
import { describe, expect, it } from 'vitest';
import { noiseCrypto } from '../../src/transport/noise-crypto.ts';

type Bytes = Parameters<typeof noiseCrypto.hashSHA256>[0];

describe('the cryptography of Noise', () => {
  const key = randomBytes(32);
  const nonce = randomBytes(12);

  it.each([0, 1, 100, 4096, 65_519])('seals and opens %i bytes, in one piece or in many', (size) => {
    const text = randomBytes(size);
    const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
    const expected = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
    for (const list of [text, cut(text)] as Bytes[]) {
      const sealed = noiseCrypto.chaCha20Poly1305Encrypt(list, nonce, new Uint8Array(0), key);
      expect(Buffer.compare(sealed.subarray(), expected)).toBe(0);
    }
    for (const list of [expected, cut(expected)] as Bytes[]) {
      const opened = noiseCrypto.chaCha20Poly1305Decrypt(list, nonce, new Uint8Array(0), key);
      expect(Buffer.compare(opened.subarray(), text)).toBe(0);
    }
  });

  it('refuses what was changed, in text, tag or associated data', () => {
    const ad = randomBytes(32);
    const sealed = noiseCrypto.chaCha20Poly1305Encrypt(randomBytes(100), nonce, ad, key).subarray();
    const open = (bytes: Uint8Array, data: Uint8Array) => noiseCrypto.chaCha20Poly1305Decrypt(bytes, nonce, data, key);
    expect(open(sealed, ad)).toHaveLength(100);
    for (const at of [0, 99, 100, 115]) {
      const changed = sealed.slice();
      changed[at] = (changed[at] as number) ^ 1;
      expect(() => open(changed, ad)).toThrow();
    }
    expect(() => open(sealed, randomBytes(32))).toThrow();
  });

  /** RFC 7748, §6.1. */
  it('agrees on the shared key of RFC 7748', () => {
    const alice = Buffer.from('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a', 'hex');
    const bob = Buffer.from('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f', 'hex');
    const shared = noiseCrypto.generateX25519SharedKey(alice, bob);
    expect(Buffer.from(shared).toString('hex')).toBe('4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742');
    const pair = noiseCrypto.generateX25519KeyPairFromSeed(alice);
    expect(Buffer.from(pair.publicKey).toString('hex')).toBe('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a');
    const fresh = noiseCrypto.generateX25519KeyPair();
    expect(noiseCrypto.generateX25519SharedKey(fresh.privateKey, pair.publicKey)).toEqual(
      noiseCrypto.generateX25519SharedKey(alice, fresh.publicKey),
    );
  });

  /** RFC 5869, test case 3: no salt and no info, the first 42 of the 96 bytes that Noise takes. */
  it('derives the keys of RFC 5869', () => {
    const derived = Buffer.concat(noiseCrypto.getHKDF(new Uint8Array(32), new Uint8Array(22).fill(0x0b)));
    expect(derived.subarray(0, 42).toString('hex')).toBe(
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    );
  });

  function cut(bytes: Uint8Array): Uint8ArrayList {
    const at = [0, Math.floor(bytes.length / 3), Math.floor(bytes.length / 2), bytes.length];
    return new Uint8ArrayList(...at.slice(1).map((end, i) => bytes.subarray(at[i], end)));
  }
});
