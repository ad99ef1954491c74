import { describe, expect, test } from 'vitest';
import { defaultOverlayConfig } from '../src/config.ts';
import { Context } from '../src/context.ts';
import { HopChoice } from '../src/hop-choice.ts';
import { Id } from '../src/id.ts';
import type { Peer } from '../src/peers.ts';
import { seeded } from './network.ts';

const minute = 60_000;
const nowMs = 120 * minute;
/** Nodes of the whole network, one every `gap`. */
const nodes = 512;
const gap = 2n ** 256n / BigInt(nodes);
const self = 0;
/** The key is here, in gaps from this node. */
const place = 200;
const key = at(place);
const anybody = (): boolean => true;

function at(gaps: number): Id {
  return Id.fromBigInt((BigInt(Math.round(gaps * 1000)) * gap) / 1000n);
}

/** A node of a large network for two hours, with its leaf set and nobody else. */
function node(tableContactsMax = 128): Context {
  const config = { ...defaultOverlayConfig, leafSetSize: 8, nearNeighbours: 2, tableContactsMax, tableContactsMin: 64 };
  const contact = { id: at(self), incarnation: 1, role: 'full', address: new Uint8Array(0), addressSeq: 1 } as const;
  const context = new Context({ self: contact, config, random: seeded(1), previouslyActive: false, remembered: [] });
  context.now = { monoMs: 0, wallMs: 0 };
  context.selfPeer.status = 'active';
  context.tuning.failures.begin(0);
  for (const gaps of [-4, -3, -2, -1, 1, 2, 3, 4]) context.leafSet.insert(peer(context, (gaps + nodes) % nodes, 100));
  context.now = { monoMs: nowMs, wallMs: 0 };
  return context;
}

/** An active node at a place; connected when a round-trip time is given. */
function peer(context: Context, gaps: number, rttMs?: number, silentMs = 0): Peer {
  const contact = { id: at(gaps), incarnation: 1, role: 'full', address: new Uint8Array(0), addressSeq: 1 } as const;
  const made = context.peers.meet(contact);
  made.status = 'active';
  context.table.insert(made);
  if (rttMs === undefined) return made;
  context.peers.onConnected(made, 0);
  made.measured(rttMs);
  made.lastHeardMs = nowMs - silentMs;
  return made;
}

function chosen(context: Context): Peer | undefined {
  return new HopChoice(context).soonest(key, anybody);
}

describe('the next hop of a lookup in a large network', () => {
  test('a dial to the root when few connections are open, which it adds to', () => {
    const context = node();
    const root = peer(context, place + 0.1);
    peer(context, place + 2, 80);
    expect(chosen(context)).toBe(root);
  });

  test('a connected neighbour of the root, rather than that dial, when many are open', () => {
    const context = node();
    for (let i = 0; i < nodes / 4; i++) peer(context, place + 220 + i, 100);
    peer(context, place + 0.1);
    const neighbour = peer(context, place + 2, 80);
    expect(chosen(context)).toBe(neighbour);
  });

  test('of several connected neighbours of the root the nearest by round-trip time', () => {
    const context = node();
    peer(context, place - 1, 120);
    const near = peer(context, place + 1.5, 20);
    peer(context, place - 1.8, 60);
    expect(chosen(context)).toBe(near);
  });

  test('the root itself when it is connected, though others are nearer', () => {
    const context = node();
    const root = peer(context, place + 0.02, 150);
    peer(context, place + 2, 20);
    expect(chosen(context)).toBe(root);
  });

  test('a near one that was silent for an hour may be dead: one heard a moment ago is better', () => {
    const context = node();
    for (let i = 0; i < 8; i++) context.tuning.failures.note(nowMs - minute);
    peer(context, place - 1, 20, 60 * minute);
    const fresh = peer(context, place + 1, 40);
    expect(chosen(context)).toBe(fresh);
  });

  test('one that its neighbours have listed since is as good as heard', () => {
    const context = node();
    for (let i = 0; i < 8; i++) context.tuning.failures.note(nowMs - minute);
    const listed = peer(context, place - 1, 20, 60 * minute);
    listed.vouched(nowMs);
    peer(context, place + 1, 40);
    expect(chosen(context)).toBe(listed);
  });

  test('a dial when the open connections lead a whole hop less far', () => {
    const context = node();
    peer(context, place + 100, 20);
    const best = peer(context, place + 1);
    expect(chosen(context)).toBe(best);
  });
});

test('in a network that the table holds whole the root is dialled', () => {
  const context = node(nodes);
  const root = peer(context, place + 0.1);
  peer(context, place + 1, 20);
  expect(chosen(context)).toBe(root);
});
