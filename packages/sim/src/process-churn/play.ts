import type { CoreEvent } from '@dht/storage';
import { sample } from '../engine/distributions.ts';
import type { Host } from '../machine/host.ts';
import { Samples, type Summary } from '../measuring/samples.ts';
import { type TopologyOptions, topologies } from '../network/topology.ts';
import type { Report } from '../run/report.ts';
import { type SimulateOptions, simulate } from '../run/simulate.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { Cluster } from '../world/cluster.ts';
import type { Observer } from '../world/observer.ts';
import type { World } from '../world/world.ts';
import { Clients } from './clients.ts';
import { compute, daemonCosts, idleMsPerSecond, request, scriptOf } from './machine.ts';
import { Population } from './population.ts';
import { hasExactLeafSet } from './ring-check.ts';
import { SecondPlane } from './second-plane.ts';

const second = 1000;
const minute = 60 * second;
/** As in scripts/churn. */
const storeAtOnce = 3;
const settleTimeoutMs = 2 * minute;
const replicationTimeoutMs = 4 * minute;
const pollMs = 100;
const meterMs = 2 * second;

/** All daemons on one host: the loopback interface, at about 1 Gbyte/s. */
const loopback: TopologyOptions = {
  ...topologies.lan,
  spanMs: 0.1,
  floorMs: 0.05,
  lines: [{ share: 1, uplinkKbitPerSecond: 8_000_000, downlinkKbitPerSecond: 8_000_000, accessMsMean: 0.02 }],
};

/** A setting of the churn test of real processes (`npm run churn`). */
export interface ProcessChurnSetting {
  readonly peers: number;
  readonly minutes: number;
  readonly sessionMedianMs: number;
  readonly replicas: number;
  readonly files: number;
  readonly seed: number;
  readonly kind: 'churn' | 'turnover' | 'kill-half';
  /** Of the machine that all daemons share, and how fast it is: 1 for one like that on which costs were measured. */
  readonly cores: number;
  readonly speed?: number;
}

/** The same measures as the report of the real test has, as far as the simulator models them. Times in milliseconds. */
export interface ProcessChurnFigures {
  readonly getsOk: number;
  readonly getsFailed: number;
  readonly putsOk: number;
  readonly putsFailed: number;
  readonly getMs?: Summary;
  readonly putMs?: Summary;
  readonly joinMs?: Summary;
  readonly rejoinMs?: Summary;
  readonly killed: number;
  readonly left: number;
  readonly paused: number;
  readonly joined: number;
  readonly returned: number;
  /** From the start of the first process to one consistent ring of all; absent when that did not happen in time. */
  readonly formedMs?: number;
  /** Processor time of all daemons until then. */
  readonly formedCpuSeconds: number;
  /** From the end of the churn until every leaf set was exact; absent when that did not happen in time. */
  readonly ringExactMs?: number;
  readonly repairBytes: number;
  readonly connectionsOpened: number;
  readonly messagesSent: number;
  /** Processor time of all daemons. */
  readonly cpuSeconds: number;
  /** Only of `kill-half`. */
  readonly survivorsAgreeMs?: number;
  readonly backToRMs?: number;
  readonly run: Report;
}

/** Plays the churn test of real processes on virtual time: the same schedule of ends and returns, the same clients. */
export function playProcessChurn(setting: ProcessChurnSetting, onViolation?: SimulateOptions['onViolation']): ProcessChurnFigures {
  let test: ProcessChurn | undefined;
  const scenario: Scenario = {
    name: 'process-churn',
    about: 'The churn test of real processes, simulated',
    nodes: setting.peers,
    minutes: setting.minutes,
    settleMs: 15 * minute,
    world: {
      processor: { ...daemonCosts, cores: setting.cores, speed: setting.speed ?? 1 },
      topology: loopback,
      storage: { replicas: setting.replicas, writeQuorum: Math.floor(setting.replicas / 2) + 1 },
    },
    script: ({ cluster }) => {
      test = new ProcessChurn(cluster, setting);
      test.play();
    },
  };
  const run = simulate({ scenario, seed: setting.seed, readsMax: 200, ...(onViolation && { onViolation }) });
  if (test === undefined) throw new Error('the script has run');
  return { ...(test as ProcessChurn).figures(), run };
}

class ProcessChurn implements Observer {
  private readonly cluster: Cluster;
  private readonly world: World;
  private readonly setting: ProcessChurnSetting;
  private readonly clients: Clients;
  private readonly population: Population;
  private readonly secondPlane: SecondPlane;
  /** Whether a host that is not a member yet was one before. */
  private readonly returning = new Map<Host, boolean>();
  private readonly joinMs = new Samples();
  private readonly rejoinMs = new Samples();
  /** Of each life, as it was asked last. */
  private readonly repairBytes = new Map<string, number>();
  private isFormed = false;
  private formedMs: number | undefined;
  private connectionsOpened = 0;
  private messagesSent = 0;
  private cpuMs = 0;
  private formedCpuMs = 0;
  private ringExactMs: number | undefined;
  private survivorsAgreeMs: number | undefined;
  private backToRMs: number | undefined;

  constructor(cluster: Cluster, setting: ProcessChurnSetting) {
    this.cluster = cluster;
    this.world = cluster.world;
    this.setting = setting;
    this.population = new Population(cluster, setting.sessionMedianMs);
    this.clients = new Clients(cluster, this.population);
    this.secondPlane = new SecondPlane(cluster);
    this.world.observers.add(this);
  }

  play(): void {
    const { setting, clients, population, world } = this;
    const startedAt = world.now;
    this.meter();
    const hosts = population.form(setting.peers, settleTimeoutMs);
    if (this.untilRingExact() !== undefined) this.formedMs = world.now - startedAt;
    this.formedCpuMs = this.daemonsMs();
    this.isFormed = true;
    clients.store(setting.files, storeAtOnce);
    if (setting.kind === 'kill-half') this.killHalf();
    else {
      clients.start();
      population.churn(hosts, setting.minutes * minute, setting.kind === 'turnover');
      clients.stop();
    }
    this.ringExactMs = this.untilRingExact();
    this.connectionsOpened = world.network.opened;
    this.messagesSent = world.network.traffic.mail;
    this.cpuMs = this.daemonsMs();
  }

  figures(): Omit<ProcessChurnFigures, 'run'> {
    const { clients, population } = this;
    const { killed, left, paused, joined, returned } = population;
    const summaries = { getMs: clients.getMs, putMs: clients.putMs, joinMs: this.joinMs, rejoinMs: this.rejoinMs };
    return {
      ...{ getsOk: clients.getMs.count, getsFailed: clients.getsFailed, putsOk: clients.putMs.count, putsFailed: clients.putsFailed },
      ...{ killed, left, paused, joined, returned },
      ...Object.fromEntries(
        Object.entries(summaries).flatMap(([name, samples]) => (samples.count === 0 ? [] : [[name, samples.summary()]])),
      ),
      ...(this.formedMs !== undefined && { formedMs: this.formedMs }),
      ...(this.ringExactMs !== undefined && { ringExactMs: this.ringExactMs }),
      ...(this.survivorsAgreeMs !== undefined && { survivorsAgreeMs: this.survivorsAgreeMs }),
      ...(this.backToRMs !== undefined && { backToRMs: this.backToRMs }),
      connectionsOpened: this.connectionsOpened,
      messagesSent: this.messagesSent,
      formedCpuSeconds: this.formedCpuMs / second,
      cpuSeconds: this.cpuMs / second,
      repairBytes: [...this.repairBytes.values()].reduce((sum, bytes) => sum + bytes, 0),
    };
  }

  /** Processor time that all daemons have taken so far. */
  private daemonsMs(): number {
    const { processor } = this.world;
    return processor === undefined ? 0 : processor.busyMs - processor.spentMs(scriptOf(this.world));
  }

  onStart(host: Host): void {
    if (this.isFormed) this.returning.set(host, host.previouslyActive);
  }

  onEvent(host: Host, event: CoreEvent): void {
    if (event.type !== 'activated') return;
    this.secondPlane.begin(host);
    this.idle(host, host.life);
    const isReturn = this.returning.get(host);
    if (isReturn === undefined) return;
    this.returning.delete(host);
    (isReturn ? this.rejoinMs : this.joinMs).add(this.population.joiningMs(host));
  }

  private idle(host: Host, life: number): void {
    if (host.life !== life) return;
    if (host.runs) compute(this.world, host, idleMsPerSecond, () => undefined);
    this.world.engine.after(second, () => this.idle(host, life));
  }

  private killHalf(): void {
    const { cluster, population } = this;
    this.untilReplicated();
    const victims = sample(cluster.random, cluster.activeHosts(), Math.floor(this.setting.peers / 2));
    population.kill(victims);
    this.survivorsAgreeMs = this.untilRingExact();
    this.backToRMs = this.untilReplicated();
    population.revive(victims, settleTimeoutMs);
  }

  /** As the real test does, which asks one daemon after another for its leaf set, and begins anew when it finds one that is not exact. */
  private untilRingExact(): number | undefined {
    const startedAt = this.world.now;
    while (this.world.now - startedAt <= settleTimeoutMs) {
      if (this.isRingExact()) return this.world.now - startedAt;
      this.world.runFor(pollMs);
    }
    return undefined;
  }

  private isRingExact(): boolean {
    const living = this.world.hosts.filter(({ state }) => state !== 'off');
    return living.every(({ runs, status }) => runs && status === 'active') && living.every((host) => this.saysThatItsLeafSetIsExact(host));
  }

  private saysThatItsLeafSetIsExact(host: Host): boolean {
    let isAnswered = false;
    let isExact = false;
    request(this.world, host, () => {
      isAnswered = true;
      isExact = hasExactLeafSet(this.world, host);
    });
    this.world.runUntil(() => isAnswered || !host.runs, settleTimeoutMs, 1);
    return isExact;
  }

  /** Until every block that a running node has is on the disks of the r nodes closest to it. */
  private untilReplicated(): number | undefined {
    const { membership } = this.world;
    const blocks = this.clients.files.flatMap(({ root, pieces }) => (root === undefined ? pieces : [root, ...pieces]));
    const isWhole = ({ key }: (typeof blocks)[number]): boolean =>
      membership.closest(key, this.setting.replicas).every(({ disk }) => disk.has(key)) ||
      !membership.active.some(({ runs, disk }) => runs && disk.has(key));
    return this.elapsed(() => blocks.every(isWhole), replicationTimeoutMs);
  }

  private elapsed(condition: () => boolean, withinMs: number): number | undefined {
    const startedAt = this.world.now;
    return this.world.runUntil(condition, withinMs, pollMs) ? this.world.now - startedAt : undefined;
  }

  /** As the real test does, which asks each daemon: a node that is killed counts as it was when last asked. */
  private meter(): void {
    for (const host of this.world.hosts) {
      if (host.core === undefined) continue;
      this.repairBytes.set(`${host.index}/${host.life}`, host.core.repairBytes);
      request(this.world, host, () => undefined);
    }
    this.world.engine.after(meterMs, () => this.meter());
  }
}
