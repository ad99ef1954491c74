import { Cluster } from '../../src/cluster.ts';
import { overlayCore } from '../../src/overlay-core.ts';
import { World } from '../../src/world.ts';

const settleMs = 30_000;

/** A ring of so many nodes without storage, some time after it was formed. */
export function activeWorld(nodes: number, seed: number = 1): { world: World; cluster: Cluster } {
  const world = new World({ seed, createCore: overlayCore });
  const cluster = new Cluster(world);
  cluster.form(nodes);
  world.runFor(settleMs);
  return { world, cluster };
}
