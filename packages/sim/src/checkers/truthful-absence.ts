import type { Id } from '@dht/overlay';
import type { GetResult } from '@dht/storage';
import { disturbsMessages } from '../injection/faults.ts';
import type { Host } from '../machine/host.ts';
import type { Observer } from '../world/observer.ts';
import type { World } from '../world/world.ts';
import type { ItemLedger } from './item-ledger.ts';
import type { Violations } from './violations.ts';

/** A fault is felt for this long: rings have to merge, copies to be made anew. */
const afterFaultMs = 180_000;

/** As long as all is calm: "not found" is never said of a block that was acknowledged and that a running node has. */
export class TruthfulAbsence implements Observer {
  readonly name = 'truthful-absence';
  /** How often it was said all the same, faults or not. */
  untrue = 0;
  private readonly world: Pick<World, 'calm' | 'now' | 'network'>;
  private readonly ledger: ItemLedger;
  private readonly violations: Violations;

  constructor(world: Pick<World, 'calm' | 'now' | 'network'>, ledger: ItemLedger, violations: Violations) {
    this.world = world;
    this.ledger = ledger;
    this.violations = violations;
  }

  onGet(host: Host, key: Id, { outcome }: GetResult, elapsedMs: number): void {
    if (outcome !== 'not-found' || !this.ledger.isOwed(key)) return;
    this.untrue++;
    const { calm, now, network } = this.world;
    if (!calm.since(now - elapsedMs - afterFaultMs) || disturbsMessages(network.faults)) return;
    this.violations.add(this.name, 'calm', `get of ${key} was answered with not-found, though running nodes have it`, [host]);
  }
}
