import type { Id, LookupMode, LookupResult } from '@dht/overlay';
import { disturbsMessages } from '../injection/faults.ts';
import type { Host } from '../machine/host.ts';
import { judgeLookup } from '../measuring/lookup-verdict.ts';
import type { Observer } from '../world/observer.ts';
import type { World } from '../world/world.ts';
import type { Violations } from './violations.ts';

/** A fault is felt for this long: a failure has to be detected before its arc is taken over. */
const afterFaultMs = 60_000;

/** As long as all is calm: every lookup ends, and ends at the true root. */
export class TrueRoot implements Observer {
  readonly name = 'true-root';
  private readonly world: Pick<World, 'membership' | 'findHost' | 'calm' | 'now' | 'network'>;
  private readonly violations: Violations;

  constructor(world: Pick<World, 'membership' | 'findHost' | 'calm' | 'now' | 'network'>, violations: Violations) {
    this.world = world;
    this.violations = violations;
  }

  onLookup(host: Host, key: Id, mode: LookupMode, result: LookupResult, issuedAt: number): void {
    const verdict = judgeLookup(this.world, key, result, issuedAt);
    const { calm, network } = this.world;
    if (verdict === undefined || verdict === 'ok' || !calm.since(issuedAt - afterFaultMs) || disturbsMessages(network.faults)) return;
    const [truth] = this.world.membership.closest(key, 1);
    const said = result.outcome === 'found' ? this.world.findHost(result.root.id) : undefined;
    const ended = result.outcome === 'found' ? `ended at ${result.root.id}` : 'did not end in time';
    const hosts = [host, truth, said].filter((each) => each !== undefined);
    this.violations.add(this.name, 'calm', `${mode} lookup of ${key} ${ended}, the root is ${truth?.id}`, hosts);
  }
}
