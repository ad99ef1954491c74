import type { Host } from '../machine/host.ts';
import type { Observer } from '../world/observer.ts';
import type { World } from '../world/world.ts';
import type { Problem, StateChecker } from './checker.ts';
import { problemsMax } from './checker.ts';
import type { Violations } from './violations.ts';

/** Always: every handle is released exactly once, and not kept for longer than any request lasts. */
export class HandleDiscipline implements Observer, StateChecker {
  readonly name = 'handle-discipline';
  private readonly world: Pick<World, 'hosts' | 'now'>;
  private readonly violations: Violations;
  private readonly heldMsMax: number;

  /** `heldMsMax`: longer than the longest timeout of a command. */
  constructor(world: Pick<World, 'hosts' | 'now'>, violations: Violations, heldMsMax: number) {
    this.world = world;
    this.violations = violations;
    this.heldMsMax = heldMsMax;
  }

  onBadHandle(host: Host, what: string): void {
    this.violations.add(this.name, 'always', what, [host]);
  }

  problems(): readonly Problem[] {
    const before = this.world.now - this.heldMsMax;
    const problems: Problem[] = [];
    for (const host of this.world.hosts) {
      if (problems.length >= problemsMax) break;
      const held = host.runs ? host.handles.olderThan(before).length : 0;
      if (held > 0) problems.push({ message: `${held} handles are open for more than ${this.heldMsMax} ms`, hosts: [host] });
    }
    return problems;
  }
}
