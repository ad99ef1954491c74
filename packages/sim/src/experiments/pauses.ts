import type { Id, LookupMode, LookupResult } from '@dht/overlay';
import type { CoreEvent } from '@dht/storage';
import { sample } from '../engine/distributions.ts';
import type { Host } from '../machine/host.ts';
import { judgeLookup, type LookupVerdict } from '../measuring/lookup-verdict.ts';
import { Measurement } from '../measuring/measurement.ts';
import type { Cluster } from '../world/cluster.ts';
import type { Observer } from '../world/observer.ts';
import { type Experiment, type Findings, type RunOptions, scaled } from './experiment.ts';
import { proportion, rare } from './proportion.ts';
import { askLookups, drain, formNetwork } from './trial.ts';

const second = 1000;
const minute = 60 * second;
const nodesFull = 500;
const pausedShare = 0.05;
const pauseMs = 20 * second;
const lookupsPerNodeSecond = 0.1;

/**
 * A process that is stopped for 20 s is rightly given up, and is a member again when it goes on. What must not happen is that
 * nodes which run are given up on account of it, be it by nodes that have just gone on, and that lookups are lost from it or to it
 * from its return on. The watchers of a node are those who hold it connected, the nearest on each side.
 */
export const pauses: Experiment = {
  name: 'pauses',
  about: 'at any time 5 % of the nodes are stopped for 20 s and then go on',
  run: (options: RunOptions): Findings => {
    const nodes = scaled(nodesFull, options, 40);
    const cluster = formNetwork({ seed: options.seed, nodes });
    const pausing = new Pausing(cluster);
    cluster.world.observers.add(pausing);
    const measurement = new Measurement(cluster.world);
    const workload = askLookups(cluster, lookupsPerNodeSecond * nodes);
    const end = cluster.world.now + 10 * minute;
    while (cluster.world.now < end) {
      for (const host of sample(cluster.random, cluster.activeHosts(), Math.ceil(pausedShare * nodes))) pausing.stop(host);
      cluster.world.runFor(pauseMs);
    }
    cluster.world.runFor(minute);
    drain(cluster, workload);
    const { wrong, lost, ok } = pausing.lookups;
    const share = proportion(lost, ok + wrong + lost);
    const standIns = `${wrong} at the node that had stood in for it, begun at most ${Math.ceil(pausing.stoodInMs)} ms after its return`;
    const watchers = 2 * cluster.world.overlayConfig.nearNeighbours;
    const most = pausing.verdictsOnRunning.most();
    const row = { setting: `${nodes} nodes, ${100 * pausedShare} % of them stopped for 20 s at any time, 10 min`, published: '–' };
    return {
      figures: {
        during: measurement.figures(),
        verdictsOnRunningMost: most,
        verdictsOnStoppedMost: pausing.verdictsOnStopped.most(),
        lookups: pausing.lookups,
        stoodInMs: pausing.stoodInMs,
      },
      rows: [
        {
          ...row,
          property: 'running nodes declared failed',
          mustReach: `by its ${watchers} watchers at most`,
          measured: `by ${most} at most within 20 s`,
          holds: most <= watchers,
        },
        {
          ...row,
          property: 'lookups lost from or to a node that has returned',
          mustReach: '0',
          measured: wrong === 0 ? rare(share) : `${rare(share)}; ${standIns}`,
          holds: share.count === 0,
        },
      ],
    };
  },
};

/** Stops processes, and watches what comes of it. */
class Pausing implements Observer {
  readonly verdictsOnRunning: Verdicts = new Verdicts();
  readonly verdictsOnStopped: Verdicts = new Verdicts();
  /** Between nodes that run, one of which at least had been stopped before. */
  readonly lookups: Record<LookupVerdict, number> = { ok: 0, wrong: 0, lost: 0 };
  /** For so long after a return a lookup was still begun that ended at another node than the true root. */
  stoodInMs = 0;
  private readonly cluster: Cluster;
  /** When those who were ever stopped went on; Infinity until they do. */
  private readonly returnedAt = new Map<Host, number>();

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  stop(host: Host): void {
    const { cluster, returnedAt } = this;
    returnedAt.set(host, Number.POSITIVE_INFINITY);
    cluster.pause(host);
    cluster.world.engine.after(pauseMs, () => {
      returnedAt.set(host, cluster.world.now);
      cluster.resume(host);
    });
  }

  onEvent(_host: Host, event: CoreEvent): void {
    if (event.type !== 'failed') return;
    const host = this.cluster.world.findHost(event.id);
    if (host === undefined || host.state === 'off') return;
    const verdicts = host.runs ? this.verdictsOnRunning : this.verdictsOnStopped;
    verdicts.add(event.id, Math.floor(this.cluster.world.now / pauseMs));
  }

  onLookup(origin: Host, key: Id, _mode: LookupMode, result: LookupResult, issuedAt: number): void {
    const [root] = this.cluster.world.membership.closest(key, 1);
    const ends = root === undefined ? [origin] : [origin, root];
    if (!ends.some((host) => this.returnedAt.has(host)) || !ends.every((host) => this.hasRunSince(host, issuedAt))) return;
    const verdict = judgeLookup(this.cluster.world, key, result, issuedAt);
    if (verdict === undefined) return;
    this.lookups[verdict]++;
    if (verdict === 'wrong') this.stoodInMs = Math.max(this.stoodInMs, issuedAt - Math.max(...ends.map((host) => this.lastReturn(host))));
  }

  private lastReturn(host: Host): number {
    return this.returnedAt.get(host) ?? Number.NEGATIVE_INFINITY;
  }

  private hasRunSince(host: Host, time: number): boolean {
    return this.lastReturn(host) <= time;
  }
}

/** How many others gave a node up in one period. */
class Verdicts {
  private readonly counts = new Map<string, number>();

  add(id: Id, period: number): void {
    const key = `${id.hex}/${period}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  most(): number {
    return Math.max(0, ...this.counts.values());
  }
}
