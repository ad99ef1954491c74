import { assert, type SeededRandom } from '@dht/overlay';
import type { Cluster } from './cluster.ts';
import { chance, exponential, sample, weibull } from './distributions.ts';
import type { Host } from './host.ts';

/** How nodes come and go. Times in milliseconds, shares from 0 to 1. */
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
const minute = 60 * second;

export const lightChurn: ChurnOptions = {
  model: 'poisson',
  sessionMsMean: 240 * minute,
  downMsMean: 2 * minute,
  leaveShare: 0.3,
  pauseShare: 0.1,
  pauseMsMean: 10 * second,
  wipeShare: 0.1,
  replaceShare: 0.3,
};

/** Mean session times of the published evaluations, in minutes (MSPastry: 5 to 600). */
const sessionMinutes = [5, 15, 30, 60, 120, 600] as const;

export type ChurnName = 'none' | 'light' | 'heavy' | `${ChurnOptions['model']}-${(typeof sessionMinutes)[number]}`;

/** By the names that the command line knows. */
export const churnPresets: Readonly<Record<ChurnName, ChurnOptions | undefined>> = {
  none: undefined,
  light: lightChurn,
  heavy: { ...lightChurn, sessionMsMean: 30 * minute },
  ...(Object.fromEntries(sessionMinutes.flatMap((mean) => [turnover('poisson', mean), turnover('weibull', mean)])) as Record<
    Exclude<ChurnName, 'none' | 'light' | 'heavy'>,
    ChurnOptions
  >),
};

/** As the published evaluations have it: everybody goes without a word, and a fresh node comes in its place. */
function turnoverChurn(model: ChurnOptions['model'], sessionMsMean: number): ChurnOptions {
  return { ...lightChurn, model, sessionMsMean, downMsMean: 1 * second, leaveShare: 0, pauseShare: 0, wipeShare: 0, replaceShare: 1 };
}

function turnover(model: ChurnOptions['model'], meanMinutes: number): [string, ChurnOptions] {
  return [`${model}-${meanMinutes}`, turnoverChurn(model, meanMinutes * minute)];
}

/** Retries of a fresh host that found nobody to join through. */
const rejoinMs = 1 * second;

/** Ends and starts processes until it is told to stop. */
export class Churn {
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
