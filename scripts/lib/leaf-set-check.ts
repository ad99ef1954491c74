import type { LeafSetReply } from '@dht/node';

/** Node ids as 64 hexadecimal digits, ring order: fixed length, so the order of the texts is that of the numbers. */
export function ringOrder(ids: Iterable<string>): readonly string[] {
  return [...new Set(ids)].sort();
}

/**
 * What is wrong with one node's leaf set when exactly the nodes of `ring` are alive; undefined when nothing is. `leafSetSize` is
 * l. In a ring of at most l others the halves overlap, and then only their union says something.
 */
export function leafSetFault(ring: readonly string[], view: LeafSetReply, leafSetSize: number): string | undefined {
  const position = ring.indexOf(view.id);
  if (position === -1) return 'the node itself is not among the living';
  const others = ring.length - 1;
  const inactive = [...view.clockwise, ...view.counterClockwise].find((leaf) => leaf.status !== 'active');
  if (inactive !== undefined) return `has ${brief(inactive.id)} as ${inactive.status}`;
  const clockwise = view.clockwise.map((leaf) => leaf.id);
  const counterClockwise = view.counterClockwise.map((leaf) => leaf.id);
  if (others <= leafSetSize) return difference([...clockwise, ...counterClockwise], walk(ring, position, 1, others));
  const half = leafSetSize / 2;
  return difference(clockwise, walk(ring, position, 1, half)) ?? difference(counterClockwise, walk(ring, position, -1, half));
}

function walk(ring: readonly string[], start: number, direction: 1 | -1, count: number): readonly string[] {
  return Array.from({ length: count }, (_, step) => ring[(start + direction * (step + 1) + ring.length) % ring.length] as string);
}

function difference(seen: readonly string[], expected: readonly string[]): string | undefined {
  const surplus = seen.find((id) => !expected.includes(id));
  if (surplus !== undefined) return `has ${brief(surplus)}, which does not belong there`;
  const missing = expected.find((id) => !seen.includes(id));
  return missing === undefined ? undefined : `lacks ${brief(missing)}`;
}

function brief(id: string): string {
  return id.slice(0, 8);
}
