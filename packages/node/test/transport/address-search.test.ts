import { Id } from '@dht/overlay';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AddressSearch } from '../../src/transport/address-search.ts';
import type { Dialler } from '../../src/transport/dialler.ts';
import type { KadPlane } from '../../src/transport/kad-plane.ts';

const second = 1000;
const peerId = peerIdFromPrivateKey(await generateKeyPair('Ed25519'));
const missing = { id: Id.fromBigInt(7n), peerId, multiaddrs: [] } as unknown as Parameters<AddressSearch['connect']>[0];
const signal = new AbortController().signal;

describe('a peer that is not at its address', () => {
  const findAddresses = vi.fn(async () => []);
  let search: AddressSearch;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
    findAddresses.mockClear();
    search = new AddressSearch({ findAddresses } as unknown as KadPlane, {} as Dialler);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function missedAfter(ms: number): Promise<number> {
    vi.advanceTimersByTime(ms);
    await search.connect(missing, signal);
    return findAddresses.mock.calls.length;
  }

  test('is not looked for when it has only just gone, however often it is dialled', async () => {
    expect(await missedAfter(0)).toBe(0);
    expect(await missedAfter(1 * second)).toBe(0);
    expect(await missedAfter(28 * second)).toBe(0);
  });

  test('is looked for when it is still wanted half a minute later, and then once a minute', async () => {
    await missedAfter(0);
    expect(await missedAfter(30 * second)).toBe(1);
    expect(await missedAfter(30 * second)).toBe(1);
    expect(await missedAfter(30 * second)).toBe(2);
  });

  test('that was there in between has only just gone', async () => {
    await missedAfter(0);
    search.found(missing.id);
    expect(await missedAfter(30 * second)).toBe(0);
  });
});
