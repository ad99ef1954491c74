import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Contact } from '../src/contact.ts';
import type { Id } from '../src/id.ts';
import { IterativeLookup } from '../src/iterative-lookup.ts';
import { compareCloseness } from '../src/ring.ts';
import { randomId, seeded } from './network.ts';

const timeoutMs = 100;

interface Ring {
  readonly key: Id;
  readonly nodes: readonly Contact[];
  readonly dead: ReadonlySet<string>;
}

/** A ring in which every node knows the two nodes next closer to the key, some of them dead. */
const ring: fc.Arbitrary<Ring> = fc
  .record({ seed: fc.nat(), count: fc.integer({ min: 1, max: 40 }), deadShare: fc.double({ min: 0, max: 0.3, noNaN: true }) })
  .map(({ seed, count, deadShare }) => {
    const random = seeded(seed);
    const key = randomId(random);
    const nodes = Array.from({ length: count }, () => randomId(random))
      .sort((a, b) => compareCloseness(key, a, b))
      .map((id): Contact => ({ id, incarnation: 1, role: 'full', address: new Uint8Array(0), addressSeq: 0 }));
    const dead = new Set(
      nodes
        .slice(1)
        .filter(() => random.next() < deadShare)
        .map(({ id }) => id.hex),
    );
    return { key, nodes, dead };
  });

/** Plays the lookup to its end. Dead nodes never answer; the others do at once. */
function play(
  { key, nodes, dead }: Ring,
  lookup: IterativeLookup,
): { asked: Contact[]; end: ReturnType<IterativeLookup['next']>; mostAtOnce: number } {
  const asked: Contact[] = [];
  let nowMs = 0;
  let mostAtOnce = 0;
  for (let round = 0; round < 500; round++) {
    const open: Contact[] = [];
    let step = lookup.next(nowMs, () => timeoutMs);
    for (; step.type === 'ask'; step = lookup.next(nowMs, () => timeoutMs)) open.push(step.contact);
    asked.push(...open);
    mostAtOnce = Math.max(mostAtOnce, open.length);
    if (step.type !== 'wait') return { asked, end: step, mostAtOnce };
    const living = open.filter(({ id }) => !dead.has(id.hex));
    for (const contact of living) {
      const place = nodes.indexOf(contact);
      const closer = nodes.slice(Math.max(0, place - 2), place);
      const isRoot = nodes.slice(0, place).every(({ id }) => dead.has(id.hex));
      lookup.onSuccess(contact.id, isRoot, isRoot ? nodes.slice(0, 3) : closer, nowMs);
    }
    if (living.length === 0) nowMs = step.untilMs;
  }
  throw new Error(`the lookup of ${key} does not end`);
}

test('termination and parallelism', () => {
  fc.assert(
    fc.property(ring, (each) => {
      const { mostAtOnce } = play(each, new IterativeLookup(each.key, each.nodes.slice(-2)));
      expect(mostAtOnce).toBeLessThanOrEqual(2);
    }),
  );
});

test('no duplicates', () => {
  fc.assert(
    fc.property(ring, (each) => {
      const { asked } = play(each, new IterativeLookup(each.key, each.nodes.slice(-2)));
      expect(new Set(asked.map(({ id }) => id.hex)).size).toBe(asked.length);
    }),
  );
});

test('the root is found when nobody is dead, and the path leads to it', () => {
  fc.assert(
    fc.property(ring, (each) => {
      const alive = { ...each, dead: new Set<string>() };
      const { end } = play(alive, new IterativeLookup(each.key, each.nodes.slice(-2)));
      expect(end.type).toBe('found');
      if (end.type !== 'found') return;
      expect(end.root).toBe(each.nodes[0]);
      expect(end.path.at(-1)?.id).toBe(end.root.id);
      expect(end.path.length).toBeLessThanOrEqual(each.nodes.length);
    }),
  );
});

test('a late answer still counts', () => {
  const random = seeded(7);
  const key = randomId(random);
  const only: Contact = { id: randomId(random), incarnation: 1, role: 'full', address: new Uint8Array(0), addressSeq: 0 };
  const lookup = new IterativeLookup(key, [only]);
  expect(lookup.next(0, () => timeoutMs)).toEqual({ type: 'ask', contact: only });
  expect(lookup.next(0, () => timeoutMs)).toEqual({ type: 'wait', untilMs: timeoutMs });
  expect(lookup.next(timeoutMs, () => timeoutMs)).toEqual({ type: 'exhausted' });
  lookup.onSuccess(only.id, true, [only], 150);
  expect(lookup.next(150, () => timeoutMs)).toEqual({ type: 'found', root: only, replicaSet: [only], path: [{ id: only.id, rttMs: 150 }] });
});

test('nobody to ask', () => {
  expect(new IterativeLookup(randomId(seeded(1)), []).next(0, () => timeoutMs)).toEqual({ type: 'exhausted' });
});
