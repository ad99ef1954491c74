import { inArc, type OverlayView } from '@dht/overlay';
import type { Host } from '../machine/host.ts';
import type { World } from '../world/world.ts';
import type { Problem, StateChecker } from './checker.ts';
import { problemsMax } from './checker.ts';

/**
 * A joiner that both ends of its gap have let in is active at once, while its word of it is still on the way to them. They send
 * what belongs to it on to it by then, but do not yet leave its arc out of theirs.
 */
const newcomerMs = 2_000;

/** As long as all is calm: no two active nodes both take themselves for the root of a key. */
export class OneRoot implements StateChecker {
  readonly name = 'one-root';
  private readonly world: Pick<World, 'membership'>;

  constructor(world: Pick<World, 'membership'>) {
    this.world = world;
  }

  problems(): readonly Problem[] {
    const { membership } = this.world;
    const ring = membership.active.filter(({ core }) => core !== undefined);
    const problems: Problem[] = [];
    for (const [index, host] of ring.entries()) {
      const next = ring[(index + 1) % ring.length] as Host;
      if (next === host || problems.length >= problemsMax) break;
      if (Math.min(membership.activeForMs(host), membership.activeForMs(next)) < newcomerMs) continue;
      if (overlap(host.core?.overlay, next.core?.overlay)) {
        problems.push({ message: `both are root of keys between ${host.id} and ${next.id}`, hosts: [host, next] });
      }
    }
    return problems;
  }
}

/** Whether the arc of `a` reaches into that of `b`, the next node clockwise. */
function overlap(a: OverlayView | undefined, b: OverlayView | undefined): boolean {
  const first = a?.range(1);
  const second = b?.range(1);
  if (first === undefined || second === undefined) return false;
  // One that takes itself for the only node on the ring.
  if (first.from.equals(first.to) || second.from.equals(second.to)) return true;
  return inArc(first.to, second.from, second.to);
}
