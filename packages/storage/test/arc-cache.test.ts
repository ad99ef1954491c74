import { type Contact, compareCloseness, Id, SeededRandom } from '@dht/overlay';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArcCache } from '../src/arc-cache.ts';

const rank = 3;
const named = 8;

function randomId(random: SeededRandom): Id {
  return Id.fromHex(Array.from({ length: 8 }, () => random.nextUint32().toString(16).padStart(8, '0')).join(''));
}

function ring(random: SeededRandom, count: number): Contact[] {
  return Array.from({ length: count }, () => ({
    id: randomId(random),
    incarnation: 1,
    role: 'full' as const,
    address: new Uint8Array(),
    addressSeq: 0,
  }));
}

function closest(nodes: readonly Contact[], key: Id, count: number): Contact[] {
  return [...nodes].sort((a, b) => compareCloseness(key, a.id, b.id)).slice(0, count);
}

describe('arc cache', () => {
  it('whatever it answers is the true replica set', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), (seed, count) => {
        const random = new SeededRandom(seed);
        const nodes = ring(random, count);
        const cache = new ArcCache(16, 60_000);
        for (let i = 0; i < 20; i++) {
          const key = randomId(random);
          cache.learn(key, closest(nodes, key, named), 0);
        }
        for (let i = 0; i < 50; i++) {
          const key = randomId(random);
          const answer = cache.find(key, rank, 0)?.slice(0, rank);
          if (answer !== undefined) expect(answer).toEqual(closest(nodes, key, rank));
        }
      }),
    );
  });

  it('on a ring of 50 a thousand keys need fewer than 40 lookups', () => {
    const random = new SeededRandom(3);
    const nodes = ring(random, 50);
    const cache = new ArcCache(1024, 60_000);
    let lookups = 0;
    for (let i = 0; i < 1000; i++) {
      const key = randomId(random);
      if (cache.find(key, rank, 0) !== undefined) continue;
      lookups++;
      cache.learn(key, closest(nodes, key, named), 0);
    }
    expect(lookups).toBeLessThan(40);
    expect(lookups).toBeGreaterThan(0);
  });

  it('forgets windows that name a node, and those that are too old, and never holds more than it may', () => {
    const random = new SeededRandom(4);
    const nodes = ring(random, 100);
    const cache = new ArcCache(5, 1_000);
    const keys = Array.from({ length: 20 }, () => randomId(random));
    for (const [index, key] of keys.entries()) cache.learn(key, closest(nodes, key, named), index);
    expect(cache.size).toBe(5);
    const last = keys.at(-1) as Id;
    expect(cache.find(last, rank, 500)).toBeDefined();
    expect(cache.find(last, rank, 2_000)).toBeUndefined();
    cache.forget((closest(nodes, last, 1)[0] as Contact).id);
    expect(cache.find(last, rank, 500)).toBeUndefined();
  });
});
