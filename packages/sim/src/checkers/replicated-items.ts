import type { World } from '../world/world.ts';
import type { Problem, StateChecker } from './checker.ts';
import { problemsMax } from './checker.ts';
import type { Item, ItemLedger } from './item-ledger.ts';

/** Eventually: every acknowledged block is on the disks of the r nodes closest to its key, and they are synced for it. */
export class ReplicatedItems implements StateChecker {
  readonly name = 'replicated-items';
  private readonly world: Pick<World, 'membership' | 'storageConfig'>;
  private readonly ledger: ItemLedger;

  constructor(world: Pick<World, 'membership' | 'storageConfig'>, ledger: ItemLedger) {
    this.world = world;
    this.ledger = ledger;
  }

  problems(): readonly Problem[] {
    const problems: Problem[] = [];
    for (const item of this.ledger.owed()) {
      if (problems.length >= problemsMax) break;
      const problem = this.problemOf(item);
      if (problem !== undefined) problems.push(problem);
    }
    return problems;
  }

  private problemOf({ block, copies }: Item): Problem | undefined {
    const replicaSet = this.world.membership.closest(block.key, this.world.storageConfig.replicas);
    const without = replicaSet.filter((host) => !copies.has(host));
    if (without.length > 0) {
      const held = [...copies].map(({ id }) => id).join(', ');
      return {
        message: `${block.key} is missing on ${without.length} of its ${replicaSet.length} replicas; held by ${held}`,
        hosts: without,
      };
    }
    const syncing = replicaSet.filter((host) => host.core?.isSynced(block.key) === false);
    if (syncing.length === 0) return undefined;
    return { message: `${block.key} is on all its replicas, but ${syncing.length} of them are not synced for it`, hosts: syncing };
  }
}
