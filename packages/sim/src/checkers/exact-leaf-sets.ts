import type { Contact } from '@dht/overlay';
import type { Host } from '../machine/host.ts';
import type { World } from '../world/world.ts';
import type { Problem, StateChecker } from './checker.ts';
import { problemsMax } from './checker.ts';

/** Eventually: every leaf set names exactly the nearest active nodes on each side. */
export class ExactLeafSets implements StateChecker {
  readonly name = 'exact-leaf-sets';
  private readonly world: Pick<World, 'membership' | 'overlayConfig'>;

  constructor(world: Pick<World, 'membership' | 'overlayConfig'>) {
    this.world = world;
  }

  problems(): readonly Problem[] {
    const problems: Problem[] = [];
    for (const host of this.world.membership.active) {
      if (problems.length >= problemsMax) break;
      const problem = this.problemOf(host);
      if (problem !== undefined) problems.push(problem);
    }
    return problems;
  }

  /** What is wrong with the leaf set of one active host. */
  problemOf(host: Host): Problem | undefined {
    const { membership, overlayConfig } = this.world;
    const half = overlayConfig.leafSetSize / 2;
    const leafSet = host.core?.overlay.leafContacts();
    if (leafSet === undefined) return undefined;
    return (
      differs(host, 'clockwise', leafSet.clockwise, membership.clockwise(host.id, half)) ??
      differs(host, 'counter-clockwise', leafSet.counterClockwise, membership.counterClockwise(host.id, half))
    );
  }
}

function differs(host: Host, side: string, members: readonly Contact[], truth: readonly Host[]): Problem | undefined {
  const index = Math.max(members.length, truth.length);
  for (let i = 0; i < index; i++) {
    const member = members[i];
    const expected = truth[i];
    if (
      member !== undefined &&
      expected !== undefined &&
      member.id.equals(expected.id) &&
      member.incarnation === expected.contact.incarnation
    )
      continue;
    const message = `its ${side} neighbour ${i + 1} is ${member?.id ?? 'nobody'}, and should be ${expected?.id ?? 'nobody'}`;
    return { message, hosts: expected === undefined ? [host] : [host, expected] };
  }
  return undefined;
}
