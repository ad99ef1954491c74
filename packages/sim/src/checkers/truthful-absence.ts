import type { Id } from '@dht/overlay';
import type { GetResult } from '@dht/storage';
import { disturbsMessages } from '../injection/faults.ts';
import type { Host } from '../machine/host.ts';
import type { Observer } from '../world/observer.ts';
import type { World } from '../world/world.ts';
import type { ItemLedger } from './item-ledger.ts';
import type { Violations } from './violations.ts';

/** After nodes could not talk rings have to merge, and what somebody brings whom nobody waited for any more has to get home. */
const afterFaultMs = 180_000;

/**
 * As long as all that run can talk with each other: "not found" is never said of a block that was acknowledged and that a running node
 * has. That others who had it have crashed is no excuse, nor that this one has only just come back, unless all who had it were away for
 * longer than a failed node is given to return.
 */
export class TruthfulAbsence implements Observer {
  readonly name = 'truthful-absence';
  /** How often it was said all the same, excused or not. */
  untrue = 0;
  private readonly world: Pick<World, 'calm' | 'now' | 'network' | 'storageConfig'>;
  private readonly ledger: ItemLedger;
  private readonly violations: Violations;
  private readonly endedAt = new Map<Host, number>();
  /** By the hexadecimal digits of a key that was away with all who had it for longer than that: when the first of them came back. */
  private readonly lateAt = new Map<string, number>();

  constructor(world: Pick<World, 'calm' | 'now' | 'network' | 'storageConfig'>, ledger: ItemLedger, violations: Violations) {
    this.world = world;
    this.ledger = ledger;
    this.violations = violations;
  }

  onEnd(host: Host): void {
    this.endedAt.set(host, this.world.now);
  }

  onStart(host: Host): void {
    const { now, storageConfig } = this.world;
    const endedAt = this.endedAt.get(host);
    if (endedAt === undefined || now - endedAt < storageConfig.reReplicateMs) return;
    for (const { block, copies } of this.ledger.acknowledged()) {
      if (copies.has(host) && this.ledger.liveHolders(block.key).every((holder) => holder === host)) this.lateAt.set(block.key.hex, now);
    }
  }

  onGet(host: Host, key: Id, { outcome }: GetResult, elapsedMs: number): void {
    if (outcome !== 'not-found' || !this.ledger.isOwed(key)) return;
    this.untrue++;
    const { calm, now, network } = this.world;
    const since = now - elapsedMs - afterFaultMs;
    if (!calm.undividedSince(since) || disturbsMessages(network.faults)) return;
    if ((this.lateAt.get(key.hex) ?? Number.NEGATIVE_INFINITY) >= since) return;
    this.violations.add(this.name, 'calm', `get of ${key} was answered with not-found, though running nodes have it`, [host]);
  }
}
