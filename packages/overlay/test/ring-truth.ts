import type { Contact, Id } from '../src/index.ts';
import { compareCloseness, compareIds } from '../src/index.ts';
import type { Network, TestNode } from './network.ts';

/** The node that is the root of `key` among all active ones. */
export function trueRoot(network: Network, key: Id): TestNode {
  return [...network.active].sort((a, b) => compareCloseness(key, a.contact.id, b.contact.id))[0]!;
}

/** What is wrong with the leaf sets, a line for each node that is not exact; empty when the ring is perfect. */
export function leafSetErrors(network: Network): readonly string[] {
  const ring = network.active.filter((node) => node.contact.role === 'full').sort((a, b) => compareIds(a.contact.id, b.contact.id));
  const half = Math.min(network.config.leafSetSize / 2, ring.length - 1);
  const errors: string[] = [];
  ring.forEach((node, place) => {
    const { clockwise, counterClockwise } = node.overlay.leafSet();
    const expectedAfter = Array.from({ length: half }, (_, i) => name(ring[(place + 1 + i) % ring.length]!.contact));
    const expectedBefore = Array.from({ length: half }, (_, i) => name(ring[(place - 1 - i + 2 * ring.length) % ring.length]!.contact));
    const after = clockwise.map((leaf) => name(leaf.contact));
    const before = counterClockwise.map((leaf) => name(leaf.contact));
    if (after.join() !== expectedAfter.join()) errors.push(`${name(node.contact)} clockwise ${after} instead of ${expectedAfter}`);
    if (before.join() !== expectedBefore.join())
      errors.push(`${name(node.contact)} counter-clockwise ${before} instead of ${expectedBefore}`);
  });
  return errors;
}

function name(contact: Contact): string {
  return `${contact.id}.${contact.incarnation}`;
}
