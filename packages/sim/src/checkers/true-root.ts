import { type Id, isCloser, type LookupMode, type LookupResult } from '@dht/overlay';
import { disturbsMessages } from '../faults.ts';
import type { Host } from '../host.ts';
import type { Observer } from '../observer.ts';
import type { Violations } from '../violations.ts';
import type { World } from '../world.ts';

export type LookupVerdict = 'ok' | 'wrong' | 'lost';

/** A fault is felt for this long: a failure has to be detected before its arc is taken over. */
const afterFaultMs = 60_000;

/** As long as all is calm: every lookup ends, and ends at the true root. */
export class TrueRoot implements Observer {
  readonly name = 'true-root';
  /** All lookups, those under faults included. */
  readonly verdicts: Record<LookupVerdict, number> = { ok: 0, wrong: 0, lost: 0 };
  private readonly world: Pick<World, 'membership' | 'findHost' | 'calm' | 'now' | 'network'>;
  private readonly violations: Violations;

  constructor(world: Pick<World, 'membership' | 'findHost' | 'calm' | 'now' | 'network'>, violations: Violations) {
    this.world = world;
    this.violations = violations;
  }

  onLookup(host: Host, key: Id, mode: LookupMode, result: LookupResult, issuedAt: number): void {
    if (result.outcome === 'not-active' || result.outcome === 'cancelled') return;
    const verdict = this.judge(key, result, issuedAt);
    this.verdicts[verdict]++;
    const { calm, network } = this.world;
    if (verdict === 'ok' || !calm.since(issuedAt - afterFaultMs) || disturbsMessages(network.faults)) return;
    const [truth] = this.world.membership.closest(key, 1);
    const said = result.outcome === 'found' ? this.world.findHost(result.root.id) : undefined;
    const ended = result.outcome === 'found' ? `ended at ${result.root.id}` : 'did not end in time';
    const hosts = [host, truth, said].filter((each) => each !== undefined);
    this.violations.add(this.name, 'calm', `${mode} lookup of ${key} ${ended}, the root is ${truth?.id}`, hosts);
  }

  /** Wrong when the root was not active at any moment of the lookup, or a closer node was all the time. */
  private judge(key: Id, result: LookupResult, issuedAt: number): LookupVerdict {
    if (result.outcome !== 'found') return 'lost';
    const { membership, now } = this.world;
    const root = this.world.findHost(result.root.id);
    if (root === undefined || !membership.wasActiveWithin(root, issuedAt, now)) return 'wrong';
    const closer = membership
      .closest(key, 4)
      .find((host) => isCloser(key, host.id, root.id) && membership.wasActiveThroughout(host, issuedAt, now));
    return closer === undefined ? 'ok' : 'wrong';
  }
}
