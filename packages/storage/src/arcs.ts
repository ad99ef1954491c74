import { type Arc, assert, compareClockwise, type Id, inArc } from '@dht/overlay';

/** An arc without its start and with its end; `from` equal to `to` is the whole ring, and there is no empty arc. */
export function isWhole(arc: Arc): boolean {
  return arc.from.equals(arc.to);
}

export function contains(arc: Arc, id: Id): boolean {
  return inArc(id, arc.from, arc.to);
}

export function sameArc(a: Arc | undefined, b: Arc | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (isWhole(a) && isWhole(b)) || (a.from.equals(b.from) && a.to.equals(b.to));
}

/** Whether all of `inner` lies in `outer`. */
export function isWithin(inner: Arc, outer: Arc): boolean {
  if (isWhole(outer)) return true;
  if (isWhole(inner) || !contains(outer, inner.to)) return false;
  if (inner.from.equals(outer.from)) return true;
  // Seen from the start of `outer` the start of `inner` has to come before its end.
  return contains(outer, inner.from) && compareClockwise(outer.from, inner.from, inner.to) < 0;
}

export function overlaps(a: Arc, b: Arc): boolean {
  return contains(a, b.to) || contains(b, a.to);
}

/** The one contiguous piece of `a` ∩ `b` in which `id` lies. `id` must be in both: two arcs of a ring can meet in two pieces. */
export function intersectAround(a: Arc, b: Arc, id: Id): Arc {
  assert(contains(a, id) && contains(b, id), 'the intersection is taken around a point of both arcs');
  if (isWhole(a)) return b;
  if (isWhole(b)) return a;
  const from = compareClockwise(id, a.from, b.from) > 0 ? a.from : b.from;
  const to = compareClockwise(id, a.to, b.to) < 0 ? a.to : b.to;
  return { from, to };
}

/** What of `whole` is missing in `part`, counter-clockwise piece first. `part` lies within `whole`; undefined is nothing. */
export function gapsOf(whole: Arc, part: Arc | undefined): readonly Arc[] {
  if (part === undefined) return [whole];
  if (isWhole(part)) return [];
  if (isWhole(whole)) return [{ from: part.to, to: part.from }];
  const gaps: Arc[] = [];
  if (!whole.from.equals(part.from)) gaps.push({ from: whole.from, to: part.from });
  if (!whole.to.equals(part.to)) gaps.push({ from: part.to, to: whole.to });
  return gaps;
}

/** Whether the pieces together make up all of `arc`. */
export function isCovered(arc: Arc, pieces: readonly Arc[]): boolean {
  let rest = arc;
  // Each round uses up one piece at least, or ends.
  for (let round = 0; round <= pieces.length; round++) {
    const { from, to } = rest;
    const next = pieces.filter((piece) => isWhole(piece) || piece.from.equals(from) || (contains(piece, from) && !piece.to.equals(from)));
    if (next.some((piece) => isWithin(rest, piece))) return true;
    const farthest = next.sort((a, b) => compareClockwise(from, b.to, a.to))[0];
    if (farthest === undefined) return false;
    rest = { from: farthest.to, to };
  }
  return false;
}

/** `arc` and the piece that adjoins it on either side, as one. Undefined when they do not touch. */
export function adjoin(arc: Arc, piece: Arc): Arc | undefined {
  if (isWhole(arc) || isWhole(piece)) return { from: arc.from, to: arc.from };
  if (piece.to.equals(arc.from)) return { from: piece.from, to: arc.to };
  if (arc.to.equals(piece.from)) return { from: arc.from, to: piece.to };
  return undefined;
}
