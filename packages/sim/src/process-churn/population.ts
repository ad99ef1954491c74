import type { SeededRandom } from '@dht/overlay';
import { chance, exponential, sample, uniform, weibull } from '../engine/distributions.ts';
import type { Host } from '../machine/host.ts';
import type { Cluster } from '../world/cluster.ts';
import { startMs } from './machine.ts';

const second = 1000;

// The numbers of scripts/churn/schedule.ts, which this stands beside.
const leaveShare = 0.15;
const pauseShare = 0.15;
const returnShare = 0.5;
const pauseMs = { min: 1 * second, max: 8 * second } as const;
const downMs = { least: 2 * second, mean: 8 * second } as const;
const leaveTimeoutMs = 20 * second;
/** So much of the time is used to replace the original nodes, so that the last one still has time to become a member. */
const turnoverShare = 0.85;
const contactsPerJoin = 2;
/** Of scripts/lib/fleet.ts. */
const startsAtOnce = 4;
const pollMs = 100;

/** How nodes come and go in the churn test of real processes, on virtual time: each place has one life after another. */
export class Population {
  killed = 0;
  left = 0;
  paused = 0;
  joined = 0;
  returned = 0;
  private readonly cluster: Cluster;
  private readonly random: SeededRandom;
  private readonly sessionMeanMs: number;
  private endMs = 0;
  /** Who is about to come or to go: hosts, and processes that start. */
  private readonly away = new Set<object>();
  /** How often the script has ended or stopped a host: a request meanwhile says nothing about the network. */
  private readonly disturbances = new Map<Host, number>();

  constructor(cluster: Cluster, sessionMedianMs: number) {
    this.cluster = cluster;
    this.random = cluster.world.stream('churn');
    // Of a Weibull distribution with shape 0.5.
    this.sessionMeanMs = (2 * sessionMedianMs) / Math.LN2 ** 2;
  }

  /** From nothing to `count` members: the first founds the network, the others join through random members, a few at a time. */
  form(count: number, withinMs: number): readonly Host[] {
    const hosts: Host[] = [];
    let begun = 1;
    const next = (): void => {
      if (begun++ >= count) return;
      this.startFresh((host) => {
        hosts.push(host);
        next();
      });
    };
    this.startProcess(() => {
      hosts.push(this.cluster.create());
      for (let i = 0; i < startsAtOnce; i++) next();
    });
    this.cluster.world.runUntil(() => hosts.length >= count, withinMs, pollMs);
    return hosts;
  }

  /** Returns when the time is over and nobody is away but about to return. */
  churn(hosts: readonly Host[], runMs: number, isTurnover: boolean): void {
    const { world } = this.cluster;
    this.endMs = world.now + runMs;
    const slots = sample(this.random, [...hosts.keys()], hosts.length);
    for (const [index, host] of hosts.entries()) {
      const slot = slots[index] as number;
      if (isTurnover) this.untilReplaced(host, world.now + ((slot + this.random.next()) * runMs * turnoverShare) / hosts.length);
      else this.live(host);
    }
    world.runFor(runMs);
    world.runUntil(() => this.away.size === 0, 2 * leaveTimeoutMs, pollMs);
  }

  disturbancesOf(host: Host): number {
    return this.disturbances.get(host) ?? 0;
  }

  /** An original node of a turnover: paused now and then, at `atMs` gone for good. */
  private untilReplaced(host: Host, atMs: number): void {
    const { engine } = this.cluster.world;
    const pauses = (): void => {
      const nextMs = engine.now + this.session();
      if (nextMs >= atMs) return;
      engine.after(nextMs - engine.now, () => {
        if (chance(this.random, pauseShare)) this.pause(host, pauses);
        else pauses();
      });
    };
    pauses();
    engine.after(atMs - engine.now, () => this.end(host, chance(this.random, leaveShare), () => this.replace()));
  }

  private live(host: Host): void {
    const { engine } = this.cluster.world;
    const lengthMs = this.session();
    if (engine.now + lengthMs >= this.endMs) return;
    engine.after(lengthMs, () => {
      const draw = this.random.next();
      if (draw >= leaveShare && draw < leaveShare + pauseShare) this.pause(host, () => this.live(host));
      else this.end(host, draw < leaveShare, () => (chance(this.random, returnShare) ? this.comeBack(host) : this.replace()));
    });
  }

  private pause(host: Host, then: () => void): void {
    if (!host.runs) {
      then();
      return;
    }
    this.paused++;
    this.disturb(host);
    this.cluster.pause(host);
    this.cluster.world.engine.after(uniform(this.random, pauseMs.min, pauseMs.max), () => {
      this.disturb(host);
      this.cluster.resume(host);
      then();
    });
  }

  private end(host: Host, leaves: boolean, then: () => void): void {
    this.away.add(host);
    this.disturb(host);
    const gone = (): void => {
      this.away.delete(host);
      then();
    };
    if (leaves && host.runs) {
      this.left++;
      this.cluster.leave(host, leaveTimeoutMs);
      this.when(() => host.state === 'off', gone);
      return;
    }
    this.killed++;
    this.cluster.crash(host);
    gone();
  }

  private replace(): void {
    this.startFresh((host) => {
      this.joined++;
      this.live(host);
    });
  }

  private startFresh(then: (member: Host) => void): void {
    this.startProcess(() => {
      const host = this.cluster.join(sample(this.random, this.cluster.activeHosts(), contactsPerJoin));
      this.arrive(host, () => then(host));
    });
  }

  /** Loads and runs the program up to where it begins to join. */
  private startProcess(then: () => void): void {
    const process = {};
    this.away.add(process);
    const started = (): void => {
      this.away.delete(process);
      then();
    };
    const { processor } = this.cluster.world;
    if (processor === undefined) started();
    else processor.work(process, startMs, started);
  }

  private comeBack(host: Host): void {
    this.away.add(host);
    const restMs = this.cluster.world.now >= this.endMs ? 0 : downMs.least + exponential(this.random, downMs.mean);
    const start = (): void =>
      this.startProcess(() => {
        // Every other one listens on another port than before.
        if (chance(this.random, returnShare)) host.readdress();
        this.cluster.restart(host);
        this.arrive(host, () => {
          this.returned++;
          this.live(host);
        });
      });
    this.cluster.world.engine.after(restMs, start);
  }

  private arrive(host: Host, then: () => void): void {
    this.away.add(host);
    this.when(
      () => host.status === 'active',
      () => {
        this.away.delete(host);
        then();
      },
    );
  }

  private when(condition: () => boolean, then: () => void): void {
    if (condition()) then();
    else this.cluster.world.engine.after(pollMs, () => this.when(condition, then));
  }

  private disturb(host: Host): void {
    this.disturbances.set(host, this.disturbancesOf(host) + 1);
  }

  private session(): number {
    return weibull(this.random, this.sessionMeanMs, 0.5);
  }
}
