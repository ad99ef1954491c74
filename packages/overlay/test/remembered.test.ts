import { expect, test } from 'vitest';
import { Context } from '../src/context.ts';
import { type Contact, defaultOverlayConfig, Id } from '../src/index.ts';
import { Peer } from '../src/peers.ts';
import { Remembered } from '../src/remembered.ts';
import { randomId, seeded } from './network.ts';

const minute = 60_000;

function contact(id: Id): Contact {
  return { id, incarnation: 1, role: 'full', address: new Uint8Array(0), addressSeq: 1 };
}

function context(rememberedMax: number): Context {
  const random = seeded(5);
  const config = { ...defaultOverlayConfig, rememberedMax };
  return new Context({ self: contact(randomId(random)), config, random, previouslyActive: false, remembered: [] });
}

test('of many contacts those are kept that are spread over the ring', () => {
  const remembered = new Remembered(context(16), []);
  const alone = contact(Id.fromHex('f'.repeat(64)));
  remembered.note(new Peer(alone), true);
  const random = seeded(6);
  for (let i = 0; i < 200; i++) {
    // All in the first sixteenth of the ring.
    remembered.note(new Peer(contact(Id.fromHex(`0${randomId(random).hex.slice(1)}`))), true);
  }
  expect(remembered.size).toBe(16);
  expect(remembered.contacts()).toContain(alone);
});

test('lost contacts are kept as a way to the other side of a partition, but only some', () => {
  const shared = context(16);
  const random = seeded(7);
  const all = Array.from({ length: 16 }, () => contact(randomId(random)));
  const remembered = new Remembered(shared, all);
  for (const each of all) remembered.lost(new Peer(each));
  expect(remembered.size).toBe(4);
  expect(remembered.pick()).toBeUndefined();
  shared.now = { monoMs: 2 * minute, wallMs: 0 };
  expect(remembered.pick()).toBeDefined();
});

test('one silence that is noticed in several ways counts once', () => {
  const shared = context(16);
  const silent = contact(randomId(seeded(11)));
  const remembered = new Remembered(shared, [silent]);
  for (let i = 0; i < 5; i++) remembered.lost(new Peer(silent));
  shared.now = { monoMs: 6000, wallMs: 0 };
  expect(remembered.pick()).toBe(silent);
  remembered.lost(new Peer(silent));
  shared.now = { monoMs: 11_000, wallMs: 0 };
  expect(remembered.pick()).toBeUndefined();
});

test('the driver is told of changes, but not of each', () => {
  const shared = context(16);
  const random = seeded(8);
  const remembered = new Remembered(shared, []);
  for (let i = 0; i < 10; i++) remembered.note(new Peer(contact(randomId(random))), true);
  expect(shared.deadlines.size).toBe(1);
  shared.now = { monoMs: shared.deadlines.next(), wallMs: 0 };
  expect(shared.deadlines.popDue(shared.now.monoMs)).toEqual({ kind: 'remembered' });
  remembered.onTimer();
  expect(shared.takeOutputs()).toEqual([{ type: 'event', event: { type: 'rememberedChanged' } }]);
  remembered.note(new Peer(contact(randomId(random))), true);
  expect(shared.deadlines.next() - shared.now.monoMs).toBeGreaterThanOrEqual(1000);
});

test('neither this node nor clients are remembered', () => {
  const shared = context(16);
  const client: Contact = { ...contact(randomId(seeded(9))), role: 'client' };
  expect(new Remembered(shared, [shared.self, client]).size).toBe(0);
});
