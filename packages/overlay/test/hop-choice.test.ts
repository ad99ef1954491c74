import { describe, expect, test } from 'vitest';
import type { Context } from '../src/context.ts';
import { HopChoice } from '../src/hop-choice.ts';
import type { Peer } from '../src/peers.ts';
import { at, minute, node, nodes, nowMs, peer } from './lone-node.ts';

/** The key is here, in gaps from this node. */
const place = 200;
const key = at(place);
const anybody = (): boolean => true;

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

describe('where this node is connected to its vicinity, as others then are to theirs', () => {
  /** Of the 16 nodes on each side that the vicinity of a leaf set of 8 holds. */
  function connectAround(context: Context): void {
    for (let gaps = 5; gaps <= 15; gaps++) for (const side of [1, -1]) peer(context, (side * gaps + nodes) % nodes, 100);
  }

  test('a near one within the vicinity of the root is as good as its neighbour', () => {
    const context = node();
    connectAround(context);
    peer(context, place + 2, 80);
    const near = peer(context, place - 10, 10);
    expect(chosen(context)).toBe(near);
  });

  test('without that the near one counts as a hop away from it', () => {
    const context = node();
    const neighbour = peer(context, place + 2, 80);
    peer(context, place - 10, 10);
    expect(chosen(context)).toBe(neighbour);
  });

  test('a key in the own vicinity goes to the closest node, however near others are', () => {
    const context = node();
    connectAround(context);
    peer(context, 9.6, 1);
    expect(new HopChoice(context).soonest(at(10.2), anybody)?.id).toEqual(at(10));
  });
});

test('in a network that the table holds whole the root is dialled', () => {
  const context = node(nodes);
  const root = peer(context, place + 0.1);
  peer(context, place + 1, 20);
  expect(chosen(context)).toBe(root);
});
