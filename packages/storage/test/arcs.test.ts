import { type Arc, Id } from '@dht/overlay';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adjoin, contains, gapsOf, intersectAround, isCovered, isWithin, overlaps } from '../src/arcs.ts';
import { Responsibility } from '../src/responsibility.ts';

/** A ring of few places, so that ends often coincide; every place is tried, which makes each property exact. */
const places = 12;
const step = 2n ** 256n / BigInt(places);
const idAt = (place: number): Id => Id.fromBigInt(BigInt(place) * step + 5n);
const allIds = Array.from({ length: places }, (_, place) => idAt(place));
const anyId = fc.integer({ min: 0, max: places - 1 }).map(idAt);
const anyArc: fc.Arbitrary<Arc> = fc.record({ from: anyId, to: anyId });

const members = (arc: Arc | undefined): readonly Id[] => (arc === undefined ? [] : allIds.filter((id) => contains(arc, id)));

/** Counts the places, so that an arc is contiguous by its own definition. */
function isOneOf(pieces: readonly Arc[], id: Id): boolean {
  return pieces.some((piece) => contains(piece, id));
}

describe('arcs', () => {
  it('isWithin: every place of the inner one is in the outer one', () => {
    fc.assert(
      fc.property(anyArc, anyArc, (inner, outer) => {
        expect(isWithin(inner, outer)).toBe(members(inner).every((id) => contains(outer, id)));
      }),
    );
  });

  it('overlaps: some place is in both', () => {
    fc.assert(
      fc.property(anyArc, anyArc, (a, b) => {
        expect(overlaps(a, b)).toBe(members(a).some((id) => contains(b, id)));
      }),
    );
  });

  it('intersectAround: all that can be reached from the point without leaving either', () => {
    fc.assert(
      fc.property(anyArc, anyArc, fc.integer({ min: 0, max: places - 1 }), (a, b, place) => {
        const isInBoth = (index: number): boolean => contains(a, idAt(index % places)) && contains(b, idAt(index % places));
        fc.pre(isInBoth(place));
        let last = place;
        while (last < place + places - 1 && isInBoth(last + 1)) last++;
        let first = place + places;
        while (first > place + 1 && isInBoth(first - 1)) first--;
        const reached = new Set(Array.from({ length: last - place + 1 }, (_, offset) => idAt((place + offset) % places).hex));
        for (let index = first; index < place + places; index++) reached.add(idAt(index % places).hex);
        const piece = intersectAround(a, b, idAt(place));
        // Where the end of one arc is the start of the other, two pieces touch in what a walk does not notice.
        const touches = a.to.equals(b.from) || b.to.equals(a.from);
        if (touches) expect(members(piece).every(({ hex }) => reached.has(hex))).toBe(true);
        else expect(new Set(members(piece).map(({ hex }) => hex))).toEqual(reached);
        expect(isWithin(piece, a) && isWithin(piece, b)).toBe(true);
      }),
    );
  });

  it('gapsOf: part and gaps are disjoint and make up the whole', () => {
    fc.assert(
      fc.property(anyArc, anyArc, anyId, (whole, other, id) => {
        fc.pre(contains(whole, id) && contains(other, id));
        const part = intersectAround(whole, other, id);
        const gaps = gapsOf(whole, part);
        for (const place of allIds) {
          expect(contains(part, place) && isOneOf(gaps, place)).toBe(false);
          expect(contains(part, place) || isOneOf(gaps, place)).toBe(contains(whole, place));
        }
      }),
    );
  });

  it('isCovered: every place of the arc is in one of the pieces', () => {
    fc.assert(
      fc.property(anyArc, fc.array(anyArc, { maxLength: 5 }), (arc, pieces) => {
        expect(isCovered(arc, pieces)).toBe(members(arc).every((id) => isOneOf(pieces, id)));
      }),
    );
  });

  it('adjoin: a gap next to the part gives both together', () => {
    fc.assert(
      fc.property(anyArc, anyArc, anyId, (whole, other, id) => {
        fc.pre(contains(whole, id) && contains(other, id));
        const part = intersectAround(whole, other, id);
        for (const gap of gapsOf(whole, part)) {
          const joined = adjoin(part, gap);
          expect(members(joined).map(({ hex }) => hex)).toEqual(
            allIds.filter((place) => isOneOf([part, gap], place)).map(({ hex }) => hex),
          );
        }
      }),
    );
  });
});

describe('responsibility', () => {
  const self = idAt(0);
  const ownArc = anyArc.filter((arc) => contains(arc, self));

  it('the synced part is one arc around the node, within what it is responsible for', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(ownArc, fc.nat({ max: 2 }))), (changes) => {
        const own = new Responsibility(self);
        for (const [arc, which] of changes) {
          own.change(arc);
          const gap = own.gaps[which];
          if (gap !== undefined) own.complete(gap);
          if (own.synced !== undefined) expect(contains(own.synced, self) && isWithin(own.synced, arc)).toBe(true);
        }
      }),
    );
  });

  it('a key is claimed only if it was reconciled and responsibility for it was never lost since', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(ownArc, fc.boolean())), (changes) => {
        const own = new Responsibility(self);
        let claimed = new Set<string>();
        for (const [arc, completes] of changes) {
          own.change(arc);
          claimed = new Set([...claimed].filter((hex) => contains(arc, Id.fromHex(hex))));
          const [gap] = own.gaps;
          if (completes && gap !== undefined && own.complete(gap)) for (const id of members(gap)) claimed.add(id.hex);
          for (const id of allIds) if (own.isSyncedFor(id)) expect(claimed.has(id.hex), `${id}`).toBe(true);
        }
      }),
    );
  });

  it('completing every gap makes all of it synced', () => {
    fc.assert(
      fc.property(fc.array(ownArc, { minLength: 1 }), (arcs) => {
        const own = new Responsibility(self);
        for (const arc of arcs) own.change(arc);
        for (const gap of own.gaps) expect(own.complete(gap)).toBe(true);
        expect(own.gaps).toEqual([]);
        expect(members(own.synced)).toEqual(members(own.arc));
      }),
    );
  });
});
