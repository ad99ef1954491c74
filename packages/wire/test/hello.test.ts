import {
  decodeHello,
  decodeNetworkDescriptor,
  encodeHello,
  encodeNetworkDescriptor,
  type Hello,
  limits,
  negotiateVersion,
  WireError,
} from '@dht/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hellos, networkDescriptors } from './arbitraries.ts';
import { withoutPrefix } from './bytes.ts';

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return (error as WireError).code;
  }
  return 'none';
}

test('a Hello comes out as it went in', () => {
  fc.assert(
    fc.property(hellos, (hello) => {
      expect(decodeHello(withoutPrefix(encodeHello(hello)))).toStrictEqual(hello);
    }),
    { numRuns: 200 },
  );
});

test('the largest Hello fits its limit', () => {
  fc.assert(
    fc.property(hellos, (hello) => {
      const largest = {
        ...hello,
        incarnation: limits.integerMax,
        streamSequence: limits.integerMax,
        address: new Uint8Array(limits.addressBytesMax),
      };
      expect(withoutPrefix(encodeHello(largest)).length).toBeLessThanOrEqual(limits.helloBytesMax);
    }),
    { numRuns: 20 },
  );
});

test('a Hello above its limit is refused', () => {
  expect(codeOf(() => decodeHello(new Uint8Array(limits.helloBytesMax + 1)))).toBe('limit');
});

describe('a Hello whose fields contradict each other is refused', () => {
  const network = { nonce: new Uint8Array(32), replicas: 3, writeQuorum: 2, formatVersion: 1 };
  const good: Hello = {
    versionMin: 1,
    versionMax: 1,
    features: 0,
    networkId: new Uint8Array(32),
    network,
    incarnation: 1,
    storeId: '0'.repeat(32),
    role: 'full',
    streamSequence: 1,
    address: new Uint8Array(0),
  };
  const { network: _, ...withoutNetwork } = good;

  test.each<[string, Hello]>([
    ['a version range that ends before it begins', { ...good, versionMin: 2 }],
    ['version 0', { ...good, versionMin: 0 }],
    ['a network id without a network', withoutNetwork],
    ['a network without its id', { ...good, networkId: new Uint8Array(0) }],
    ['half a network id', { ...good, networkId: new Uint8Array(16) }],
    ['w above r', { ...good, network: { ...network, writeQuorum: 4 } }],
    ['w = 0', { ...good, network: { ...network, writeQuorum: 0 } }],
    ['format version 0', { ...good, network: { ...network, formatVersion: 0 } }],
  ])('%s', (_name, hello) => {
    expect(codeOf(() => encodeHello(good))).toBe('none');
    expect(codeOf(() => encodeHello(hello))).toBe('invalid');
  });

  test('also by the receiver', () => {
    const frame = withoutPrefix(encodeHello(good)).slice();
    // Field 1, version_min, comes first: 08 01.
    frame[1] = 2;
    expect(codeOf(() => decodeHello(frame))).toBe('invalid');
  });
});

test('both sides settle on the same, highest common version', () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })).map(([a, b]) => ({
    versionMin: Math.min(a, b),
    versionMax: Math.max(a, b),
  }));
  fc.assert(
    fc.property(range, range, (ours, theirs) => {
      const common = [9, 8, 7, 6, 5, 4, 3, 2, 1].find((version) =>
        [ours, theirs].every(({ versionMin, versionMax }) => versionMin <= version && version <= versionMax),
      );
      expect(negotiateVersion(ours, theirs)).toBe(common);
      expect(negotiateVersion(theirs, ours)).toBe(common);
    }),
  );
});

describe('a network descriptor', () => {
  test('has the same bytes whenever it is the same network', () => {
    fc.assert(
      fc.property(networkDescriptors, (network) => {
        const bytes = encodeNetworkDescriptor(network);
        expect(decodeNetworkDescriptor(bytes)).toStrictEqual(network);
        expect(encodeNetworkDescriptor(decodeNetworkDescriptor(bytes))).toStrictEqual(bytes);
        expect(bytes.length).toBeLessThanOrEqual(limits.networkDescriptorBytesMax);
      }),
      { numRuns: 50 },
    );
  });

  test('above its limit is refused', () => {
    expect(codeOf(() => decodeNetworkDescriptor(new Uint8Array(limits.networkDescriptorBytesMax + 1)))).toBe('limit');
  });
});
