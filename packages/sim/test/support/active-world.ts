import { overlayCore } from '../../src/machine/overlay-core.ts';
import { Cluster } from '../../src/world/cluster.ts';
import { World } from '../../src/world/world.ts';

const settleMs = 30_000;

/** A ring of so many nodes without storage, some time after it was formed. */
export function activeWorld(nodes: number, seed: number = 1): { world: World; cluster: Cluster } {
  const world = new World({ seed, createCore: overlayCore });
  const cluster = new Cluster(world);
  cluster.form(nodes);
  world.runFor(settleMs);
  return { world, cluster };
}
