import { assert, type SeededRandom } from '@dht/overlay';
import { chance, exponential, sample, weibull } from '../engine/distributions.ts';
import type { Host } from '../machine/host.ts';
import type { Cluster } from '../world/cluster.ts';

/** How nodes come and go by chance. Times in milliseconds, shares from 0 to 1. */
export interface ChurnOptions {
  /** `poisson`: memoryless sessions; `weibull`: shape 0.5, many short sessions and a heavy tail. */
  readonly model: 'poisson' | 'weibull';
  readonly sessionMsMean: number;
  readonly downMsMean: number;
  /** Of those that end, how many hand over first. */
  readonly leaveShare: number;
  /** Of those whose session ends, how many are only paused, for `pauseMsMean`. */
  readonly pauseShare: number;
  readonly pauseMsMean: number;
  /** Of those that come back, how many have lost their disk. */
  readonly wipeShare: number;
  /** How many never come back and are replaced by a fresh host instead. */
  readonly replaceShare: number;
}

const second = 1000;
/** Retries of a fresh host that found nobody to join through. */
const rejoinMs = 1 * second;

/** Comes and goes until it is told to stop. */
export interface ChurnProcess {
  /** The hosts that run now are subject to it from now on. */
  start(): void;
  stop(): void;
}

/** Ends and starts processes until it is told to stop. */
export class Churn implements ChurnProcess {
  private readonly cluster: Cluster;
  private readonly options: ChurnOptions;
  private readonly random: SeededRandom;
  private readonly down = new Set<Host>();
  private stopped = false;

  constructor(cluster: Cluster, options: ChurnOptions) {
    assert(options.sessionMsMean > 0 && options.downMsMean > 0, 'sessions and absences last');
    this.cluster = cluster;
    this.options = options;
    this.random = cluster.world.stream('churn');
  }

  /** The hosts that run now get a session time each. */
  start(): void {
    for (const host of this.cluster.activeHosts()) this.session(host);
  }

  /** No more ends; whoever is away comes back now, with its disk, whoever is paused goes on. */
  stop(): void {
    this.stopped = true;
    const { cluster } = this;
    for (const host of cluster.world.hosts) cluster.resume(host);
    for (const host of this.down) cluster.restart(host);
    this.down.clear();
  }

  private session(host: Host): void {
    const { model, sessionMsMean } = this.options;
    const length = weibull(this.random, sessionMsMean, model === 'poisson' ? 1 : 0.5);
    const { life } = host;
    this.cluster.world.engine.after(length, () => {
      if (!this.stopped && host.life === life) this.finish(host);
    });
  }

  private finish(host: Host): void {
    const { cluster, options, random } = this;
    if (chance(random, options.pauseShare)) {
      this.rest(host);
      return;
    }
    const leaves = chance(random, options.leaveShare);
    if (leaves) cluster.leave(host);
    else cluster.crash(host);
    const { engine } = cluster.world;
    if (leaves || chance(random, options.replaceShare)) {
      engine.after(exponential(random, options.downMsMean), () => this.replace());
      return;
    }
    this.down.add(host);
    engine.after(exponential(random, options.downMsMean), () => this.comeBack(host));
  }

  private rest(host: Host): void {
    const { cluster, options, random } = this;
    cluster.pause(host);
    const { life } = host;
    cluster.world.engine.after(exponential(random, options.pauseMsMean), () => {
      if (host.life !== life || this.stopped) return;
      cluster.resume(host);
      this.session(host);
    });
  }

  private comeBack(host: Host): void {
    if (!this.down.delete(host)) return;
    const wiped = chance(this.random, this.options.wipeShare);
    this.cluster.restart(host, { wiped });
    this.session(host);
  }

  private replace(): void {
    if (this.stopped) return;
    const [through] = sample(this.random, this.cluster.activeHosts(), 1);
    if (through === undefined) {
      this.cluster.world.engine.after(rejoinMs, () => this.replace());
      return;
    }
    this.session(this.cluster.join([through]));
  }
}
