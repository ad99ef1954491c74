import type { Host } from '../machine/host.ts';
import type { Cluster } from '../world/cluster.ts';
import { compute, request, startMs } from './machine.ts';

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
      compute(this.cluster.world, {}, startMs, () => this.untilMember(boot(), then));
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
    request(this.cluster.world, host, () => {
      this.pending--;
      this.underWay--;
      this.waiting.shift()?.();
      then(host);
    });
  }
}
