import type { Host } from '../machine/host.ts';
import type { Cluster } from '../world/cluster.ts';
import { clientRequestMs, requestMs, startMs } from './machine.ts';

/** The number of scripts/lib/fleet.ts, which this stands beside. */
const startsAtOnce = 4;
const pollMs = 100;

/** Starts processes a few at a time, each until it is a member and has told the script so. */
export class Starts {
  /** Those under way and those that wait. */
  pending = 0;
  private readonly cluster: Cluster;
  private readonly waiting: (() => void)[] = [];
  private underWay = 0;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** `boot` has the host join, once its program is loaded; `then` hears when it is a member. */
  run(boot: () => Host, then: (member: Host) => void): void {
    this.pending++;
    const begin = (): void => {
      this.underWay++;
      this.compute({}, startMs, () => this.untilMember(boot(), then));
    };
    if (this.underWay < startsAtOnce) begin();
    else this.waiting.push(begin);
  }

  private untilMember(host: Host, then: (member: Host) => void): void {
    if (host.status !== 'active') {
      this.cluster.world.engine.after(pollMs, () => this.untilMember(host, then));
      return;
    }
    // The script asks it who it is before it counts on it.
    this.compute(this, clientRequestMs, () =>
      this.compute(host, requestMs, () => {
        this.pending--;
        this.underWay--;
        this.waiting.shift()?.();
        then(host);
      }),
    );
  }

  private compute(who: object, ms: number, then: () => void): void {
    const { processor } = this.cluster.world;
    if (processor === undefined) then();
    else processor.work(who, ms, then);
  }
}
