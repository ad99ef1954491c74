import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Contact } from '../src/contact.ts';
import { Peer, Peers } from '../src/peers.ts';
import { randomId, seeded } from './network.ts';

const random = seeded(1);

function contact(overrides: Partial<Contact> = {}): Contact {
  return { id: randomId(random), incarnation: 1, role: 'full', address: new Uint8Array(0), addressSeq: 1, ...overrides };
}

describe('round-trip time', () => {
  test('nothing measured: the given timeout', () => {
    expect(new Peer(contact()).timeoutMs(100, 10_000, 777)).toBe(777);
  });

  test('steady samples: the timeout comes down to the minimum', () => {
    const peer = new Peer(contact());
    for (let i = 0; i < 50; i++) peer.measured(20);
    expect(peer.rttMeanMs).toBeCloseTo(20);
    expect(peer.timeoutMs(100, 10_000, 1000)).toBe(100);
  });

  test('an answer to what waited for a dial is no sample', () => {
    const peers = new Peers();
    const peer = peers.meet(contact());
    peers.onConnected(peer, 400);
    peer.answered(0, 402);
    expect(peer.rttMeanMs).toBe(-1);
    peer.answered(500, 503);
    expect(peer.rttMeanMs).toBe(3);
  });

  test('the timeout is above every sample of a peer whose round-trip times vary as they always did', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 50, max: 150 }), { minLength: 20, maxLength: 60 }), (samples) => {
        const peer = new Peer(contact());
        for (const sample of [50, 150, 50, 150, 50, 150, 50, 150]) peer.measured(sample);
        let late = 0;
        for (const sample of samples) {
          if (sample > peer.timeoutMs(1, 10_000, 1000)) late++;
          peer.measured(sample);
        }
        expect(late).toBeLessThan(samples.length / 4);
        expect(peer.rttMeanMs).toBeGreaterThanOrEqual(50);
        expect(peer.rttMeanMs).toBeLessThanOrEqual(150);
      }),
    );
  });

  test('the timeout stays within its limits whatever is measured', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (samples) => {
        const peer = new Peer(contact());
        for (const sample of samples) peer.measured(sample);
        const timeoutMs = peer.timeoutMs(1000, 10_000, 500);
        expect(timeoutMs).toBeGreaterThanOrEqual(1000);
        expect(timeoutMs).toBeLessThanOrEqual(10_000);
      }),
    );
  });
});

describe('lives', () => {
  test('a later life begins with nothing held against it, an older contact changes nothing', () => {
    const peers = new Peers();
    const first = contact();
    const peer = peers.meet(first);
    peer.status = 'active';
    peer.suspected = true;
    const second = { ...first, incarnation: 2 };
    expect(peers.meet(second)).toBe(peer);
    expect([peer.contact, peer.status, peer.suspected]).toEqual([second, undefined, false]);
    peers.meet(first);
    expect(peer.contact).toBe(second);
  });

  test('a newer address of the same life replaces the older', () => {
    const peers = new Peers();
    const first = contact();
    const peer = peers.meet(first);
    peer.status = 'active';
    const moved = { ...first, addressSeq: 2 };
    peers.meet(moved);
    expect([peer.contact, peer.status]).toEqual([moved, 'active']);
  });
});

test('peers that nothing holds on to are forgotten, the others stay', () => {
  const peers = new Peers();
  const kept = [contact(), contact(), contact(), contact()].map((each) => peers.meet(each));
  kept[0]!.isLeaf = true;
  kept[1]!.isTabled = true;
  kept[2]!.isQuestioned = true;
  peers.onConnected(kept[3]!, 7);
  kept[0]!.measured(20);
  for (let i = 0; i < 5000; i++) peers.meet(contact());
  expect(peers.size).toBeLessThan(500);
  for (const peer of kept) expect(peers.get(peer.id)).toBe(peer);
  expect(kept.map(({ connectedMs }) => connectedMs)).toEqual([-Infinity, -Infinity, -Infinity, 7]);
  expect(kept.map(({ rttMeanMs }) => rttMeanMs)).toEqual([20, -1, -1, -1]);
});

test('a peer that was forgotten does not write where those are that stay', () => {
  const peers = new Peers();
  const forgotten = peers.meet(contact());
  const kept = peers.meet(contact());
  kept.isLeaf = true;
  forgotten.lastHeardMs = 1;
  kept.lastHeardMs = 2;
  for (let i = 0; i < 5000; i++) peers.meet(contact());
  expect(peers.get(forgotten.id)).toBeUndefined();
  forgotten.lastHeardMs = 3;
  expect([forgotten.lastHeardMs, kept.lastHeardMs]).toEqual([3, 2]);
});
