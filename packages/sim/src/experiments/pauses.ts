import type { Id } from '@dht/overlay';
import type { CoreEvent } from '@dht/storage';
import type { Cluster } from '../cluster.ts';
import { sample } from '../distributions.ts';
import type { Host } from '../host.ts';
import { Measurement } from '../measurement.ts';
import type { Observer } from '../observer.ts';
import { type Experiment, type Findings, type RunOptions, scaled } from './experiment.ts';
import { proportion, rare } from './proportion.ts';
import { askLookups, drain, formNetwork } from './trial.ts';

const second = 1000;
const minute = 60 * second;
const nodesFull = 500;
const pausedShare = 0.05;
const pauseMs = 20 * second;
const lookupsPerNodeSecond = 0.1;
/** After this a lookup through or to a node that goes on again has no excuse. */
const afterReturnMs = 5 * second;

/**
 * The watchers of a node: those who hold it connected, the nearest on each side. Every other node that gives a paused one up in
 * its own judgement counts as too many.
 */
export const pauses: Experiment = {
  name: 'pauses',
  about: 'at any time 5 % of the nodes are stopped for 20 s and then go on',
  run: (options: RunOptions): Findings => {
    const nodes = scaled(nodesFull, options, 40);
    const cluster = formNetwork({ seed: options.seed, nodes });
    const verdicts = new VerdictsOnLive(cluster);
    cluster.world.observers.add(verdicts);
    const measurement = new Measurement(cluster.world);
    const workload = askLookups(cluster, lookupsPerNodeSecond * nodes);
    const end = cluster.world.now + 10 * minute;
    while (cluster.world.now < end) {
      for (const host of sample(cluster.random, cluster.activeHosts(), Math.ceil(pausedShare * nodes))) pauseFor(cluster, host);
      cluster.world.runFor(pauseMs);
    }
    cluster.world.runFor(afterReturnMs);
    const after = new Measurement(cluster.world);
    cluster.world.runFor(minute);
    drain(cluster, workload);
    const { wrong, lost, ok } = after.figures().lookups;
    const failed = proportion(wrong + lost, ok + wrong + lost);
    const watchers = 2 * cluster.world.overlayConfig.nearNeighbours;
    const most = verdicts.most();
    const row = { setting: `${nodes} nodes, ${100 * pausedShare} % of them stopped for 20 s at any time, 10 min`, published: '–' };
    return {
      figures: { during: measurement.figures(), verdictsMost: most, after: after.figures().lookups },
      rows: [
        {
          ...row,
          property: 'live nodes declared failed',
          mustReach: `by its ${watchers} watchers at most`,
          measured: `${most} verdicts on one pause at most`,
          holds: most <= watchers,
        },
        {
          ...row,
          property: 'lookups lost after all have returned',
          mustReach: '0',
          measured: rare(failed),
          holds: failed.count === 0,
        },
      ],
    };
  },
};

function pauseFor(cluster: Cluster, host: Host): void {
  cluster.pause(host);
  cluster.world.engine.after(pauseMs, () => cluster.resume(host));
}

/** Counts for each node how many others gave it up while its process was there. */
class VerdictsOnLive implements Observer {
  private readonly cluster: Cluster;
  private readonly counts = new Map<string, number>();

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  onEvent(_host: Host, event: CoreEvent): void {
    if (event.type === 'failed') this.count(event.id);
  }

  most(): number {
    return Math.max(0, ...this.counts.values());
  }

  private count(id: Id): void {
    const host = this.cluster.world.findHost(id);
    if (host === undefined || host.state === 'off') return;
    const pause = `${id.hex}/${Math.floor(this.cluster.world.now / pauseMs)}`;
    this.counts.set(pause, (this.counts.get(pause) ?? 0) + 1);
  }
}
