import type { Host } from '../machine/host.ts';
import type { Cluster } from '../world/cluster.ts';
import { compute, daemonCosts, request, startMs } from './machine.ts';

/** The number of scripts/lib/fleet.ts, which this stands beside. */
const startsAtOnce = 4;
const pollMs = 100;

/** Starts processes a few at a time, each until it is a member and has told the script so. */
export class Starts {
  /** Those under way and those that wait. */
  pending = 0;
  private readonly cluster: Cluster;
  private readonly waiting: (() => void)[] = [];
  /** When each process began to join: it asks an entry for its contact before its core starts. */
  private readonly joiningSince = new Map<Host, number>();
  private underWay = 0;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /**
   * `boot` has the host join, once its program is loaded and one of the entries, if there are any, has answered; `then` hears when it is
   * a member.
   */
  run(boot: (entries: readonly Host[]) => Host, then: (member: Host) => void, chooseEntries: () => readonly Host[] = () => []): void {
    this.pending++;
    const { world } = this.cluster;
    const begin = (): void => {
      this.underWay++;
      const program = {};
      const entries = chooseEntries();
      compute(world, program, startMs, () => {
        const sinceMs = world.now;
        // Those that have ended since the process was started answer nobody. When all have, it fails, and another is started.
        const running = entries.filter(({ state }) => state !== 'off');
        const answering = running.length > 0 ? running : chooseEntries();
        this.introduce(program, answering, () => {
          const host = boot(answering);
          this.joiningSince.set(host, sinceMs);
          this.untilMember(host, then);
        });
      });
    };
    if (this.underWay < startsAtOnce) begin();
    else this.waiting.push(begin);
  }

  /** How long the host has been joining. */
  joiningMs(host: Host): number {
    const { now } = this.cluster.world;
    return now - (this.joiningSince.get(host) ?? now);
  }

  /** Connects to all of them, until the first has answered. */
  private introduce(program: object, entries: readonly Host[], then: () => void): void {
    let isDone = entries.length === 0;
    if (isDone) then();
    for (const entry of entries) {
      compute(this.cluster.world, program, daemonCosts.connectMs, () => {
        compute(this.cluster.world, entry, daemonCosts.connectMs, () => {
          if (!isDone) then();
          isDone = true;
        });
      });
    }
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
