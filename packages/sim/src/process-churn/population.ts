import type { SeededRandom } from '@dht/overlay';
import { chance, exponential, pick, sample, uniform, weibull } from '../engine/distributions.ts';
import type { Host } from '../machine/host.ts';
import type { Cluster } from '../world/cluster.ts';
import { Starts } from './starts.ts';

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
  private readonly starts: Starts;
  private endMs = 0;
  /** Who is about to go, or to come back after a while. */
  private readonly away = new Set<object>();
  /** Whom clients ask: members that have told the script so, and that it has neither ended nor stopped. */
  private readonly serving = new Set<Host>();
  /** How often the script has ended or stopped a host: a request meanwhile says nothing about the network. */
  private readonly disturbances = new Map<Host, number>();

  constructor(cluster: Cluster, sessionMedianMs: number) {
    this.cluster = cluster;
    this.random = cluster.world.stream('churn');
    this.starts = new Starts(cluster);
    // Of a Weibull distribution with shape 0.5.
    this.sessionMeanMs = (2 * sessionMedianMs) / Math.LN2 ** 2;
  }

  /** How long a host has been joining. */
  joiningMs(host: Host): number {
    return this.starts.joiningMs(host);
  }

  /** From nothing to `count` members: the first founds the network, the others join through random members. */
  form(count: number, withinMs: number): readonly Host[] {
    const hosts: Host[] = [];
    const member = (host: Host): void => {
      hosts.push(host);
      this.serving.add(host);
    };
    this.starts.run(
      () => this.cluster.create(),
      (founder) => {
        member(founder);
        for (let i = 1; i < count; i++) this.startFresh(member);
      },
    );
    this.cluster.world.runUntil(() => hosts.length >= count, withinMs, pollMs);
    return hosts;
  }

  /** Ends these at the same instant. */
  kill(hosts: readonly Host[]): void {
    for (const host of hosts) this.end(host, false, () => undefined);
  }

  /** Starts these again on their disks, with no argument. */
  revive(hosts: readonly Host[], withinMs: number): void {
    for (const host of hosts) this.restart(host, () => undefined);
    this.cluster.world.runUntil(() => this.starts.pending === 0, withinMs, pollMs);
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
    world.runUntil(() => this.away.size === 0 && this.starts.pending === 0, 2 * leaveTimeoutMs, pollMs);
  }

  /** One whom clients may ask; throws when there is none. */
  anyServing(random: SeededRandom): Host {
    const host = pick(
      random,
      [...this.serving].filter(({ runs }) => runs),
    );
    if (host === undefined) throw new Error('no host is left to ask');
    return host;
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
    this.serving.delete(host);
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
      this.serving.add(host);
      this.live(host);
    });
  }

  private startFresh(then: (member: Host) => void): void {
    const chooseEntries = (): readonly Host[] => sample(this.random, this.cluster.activeHosts(), contactsPerJoin);
    this.starts.run((entries) => this.cluster.join(entries), then, chooseEntries);
  }

  private comeBack(host: Host): void {
    this.away.add(host);
    const restMs = this.cluster.world.now >= this.endMs ? 0 : downMs.least + exponential(this.random, downMs.mean);
    this.cluster.world.engine.after(restMs, () => {
      this.away.delete(host);
      // Every other one listens on another port than before.
      if (chance(this.random, returnShare)) host.readdress();
      this.restart(host, () => this.live(host));
    });
  }

  private restart(host: Host, then: () => void): void {
    const boot = (): Host => {
      this.cluster.restart(host);
      return host;
    };
    this.starts.run(boot, () => {
      this.returned++;
      this.serving.add(host);
      then();
    });
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
