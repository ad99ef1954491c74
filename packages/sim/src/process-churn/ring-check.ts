import type { Host } from '../machine/host.ts';
import type { World } from '../world/world.ts';

/**
 * Whether a daemon's leaf set is what the churn test of real processes takes for exact (scripts/lib/leaf-set-check.ts, which this stands
 * beside): exactly the nodes on either side that live, all active; in a ring whose halves overlap only both halves together count.
 */
export function hasExactLeafSet({ membership, overlayConfig }: World, host: Host): boolean {
  const leafSet = host.core?.overlay.leafSet();
  if (leafSet === undefined) return false;
  const { clockwise, counterClockwise } = leafSet;
  if ([...clockwise, ...counterClockwise].some(({ status }) => status !== 'active')) return false;
  const [ahead, behind] = [clockwise, counterClockwise].map((half) => half.map(({ contact }) => contact.id.hex)) as [string[], string[]];
  const { leafSetSize } = overlayConfig;
  const others = membership.active.length - 1;
  if (others <= leafSetSize) return isSame([...ahead, ...behind], hexOf(membership.clockwise(host.id, others)));
  const half = leafSetSize / 2;
  return isSame(ahead, hexOf(membership.clockwise(host.id, half))) && isSame(behind, hexOf(membership.counterClockwise(host.id, half)));
}

function isSame(seen: readonly string[], expected: readonly string[]): boolean {
  const [one, other] = [new Set(seen), new Set(expected)];
  return one.size === other.size && [...one].every((hex) => other.has(hex));
}

function hexOf(hosts: readonly Host[]): readonly string[] {
  return hosts.map(({ id }) => id.hex);
}
