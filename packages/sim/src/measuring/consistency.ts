import { ExactLeafSets } from '../checkers/exact-leaf-sets.ts';
import { OneRoot } from '../checkers/one-root.ts';
import type { Host } from '../machine/host.ts';
import type { World } from '../world/world.ts';

/** For how long the ring was not as it should be, found by looking at it every so often. */
export interface ConsistencyReport {
  readonly samples: number;
  /** Virtual milliseconds between two samples: what one sample stands for. */
  readonly periodMs: number;
  /** Milliseconds with some key that had two roots. */
  readonly twoRootsMs: number;
  /** Milliseconds in which some node's leaf set was not exact. */
  readonly inexactMs: number;
  /** Of the time of all nodes, the share with a leaf set that was not exact. */
  readonly inexactNodeShare: number;
}

/** Looks at the ring every `periodMs`. */
export class Consistency {
  private readonly world: Pick<World, 'membership' | 'overlayConfig' | 'engine'>;
  private readonly periodMs: number;
  private readonly oneRoot: OneRoot;
  private readonly leafSets: ExactLeafSets;
  private readonly counts = { samples: 0, twoRoots: 0, inexact: 0, nodes: 0, inexactNodes: 0 };

  constructor(world: Pick<World, 'membership' | 'overlayConfig' | 'engine'>, periodMs: number) {
    this.world = world;
    this.periodMs = periodMs;
    this.oneRoot = new OneRoot(world);
    this.leafSets = new ExactLeafSets(world);
    world.engine.after(periodMs, () => this.sample());
  }

  report(): ConsistencyReport {
    const { samples, twoRoots, inexact, nodes, inexactNodes } = this.counts;
    return {
      samples,
      periodMs: this.periodMs,
      twoRootsMs: twoRoots * this.periodMs,
      inexactMs: inexact * this.periodMs,
      inexactNodeShare: nodes === 0 ? 0 : inexactNodes / nodes,
    };
  }

  private sample(): void {
    const { counts } = this;
    const { active } = this.world.membership;
    const inexact = active.reduce((sum: number, host: Host) => sum + (this.leafSets.problemOf(host) === undefined ? 0 : 1), 0);
    counts.samples++;
    counts.nodes += active.length;
    counts.inexactNodes += inexact;
    if (inexact > 0) counts.inexact++;
    if (this.oneRoot.problems().length > 0) counts.twoRoots++;
    this.world.engine.after(this.periodMs, () => this.sample());
  }
}
