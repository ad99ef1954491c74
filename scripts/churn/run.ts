import { join } from 'node:path';
import { SeededRandom } from '@dht/overlay';
import { Chronicle } from '../lib/chronicle.ts';
import { Fleet } from '../lib/fleet.ts';
import type { Guard } from '../lib/guard.ts';
import { machine } from '../lib/machine.ts';
import { Pace } from '../lib/pace.ts';
import { percentiles, spread } from '../lib/percentiles.ts';
import { pooled } from '../lib/pool.ts';
import { ProgressLine } from '../lib/progress-line.ts';
import { pick } from '../lib/random.ts';
import { WorkMeter } from '../lib/work-meter.ts';
import { audit, type Witness } from './audit.ts';
import { Catalogue } from './catalogue.ts';
import { Clients } from './clients.ts';
import { type HalfReport, killHalf } from './half.ts';
import type { ChurnOptions } from './options.ts';
import { Outcomes } from './outcomes.ts';
import { Population } from './population.ts';
import type { ChurnReport } from './report.ts';
import { Schedule } from './schedule.ts';

const formTimeoutMs = 120_000;
const settleTimeoutMs = 120_000;
const storeAtOnce = 3;
const samplePeriodMs = 2000;
const mebibyte = 2 ** 20;

/** What the random choices are for: each has a stream of its own, so that one does not shift the other. */
const streams = { fleet: 1, catalogue: 2, clients: 3, schedule: 4, audit: 5 } as const;

/** A whole run, from nothing to the report. Rejects when the network cannot even be formed. */
export class ChurnRun {
  private readonly options: ChurnOptions;
  private readonly guard: Guard;
  private readonly signal: AbortSignal;
  private readonly outcomes: Outcomes;
  private readonly fleet: Fleet;
  private readonly catalogue: Catalogue;
  private readonly clients: Clients;
  private readonly population: Population;
  private readonly witness: Witness;
  private readonly meter: WorkMeter;
  private readonly pace = new Pace();
  private readonly startMs = performance.now();
  private phase = 'starting';

  constructor(options: ChurnOptions, guard: Guard, signal: AbortSignal) {
    const random = (stream: number): SeededRandom => new SeededRandom(options.seed, stream);
    this.options = options;
    this.guard = guard;
    this.signal = signal;
    const chronicle = new Chronicle(guard.folder);
    this.outcomes = new Outcomes(chronicle);
    this.fleet = new Fleet({ folder: guard.folder, random: random(streams.fleet), environment: environmentOf(options, guard), signal });
    this.catalogue = new Catalogue(options.seed, random(streams.catalogue));
    this.clients = new Clients(this.fleet, this.catalogue, this.outcomes, random(streams.clients));
    const schedule = new Schedule(random(streams.schedule), options.sessionMedianS * 1000);
    this.population = new Population(this.fleet, schedule, this.outcomes, chronicle);
    const { fleet, catalogue, clients, outcomes } = this;
    this.witness = { fleet, catalogue, clients, outcomes, chronicle, random: random(streams.audit) };
    this.meter = new WorkMeter(fleet);
  }

  async report(): Promise<ChurnReport> {
    const line = new ProgressLine(() => this.progress());
    const sampler = setInterval(() => this.sample(), samplePeriodMs);
    try {
      return await this.phases((text) => line.note(text));
    } finally {
      clearInterval(sampler);
      line.close();
      await this.fleet.killAll();
    }
  }

  private async phases(note: (text: string) => void): Promise<ChurnReport> {
    const formedMs = await this.form();
    this.fleet.sample();
    const formedCpuSeconds = this.cpuSeconds();
    const formingPaceMs = this.pace.take();
    note(`${this.options.peers} daemons form one ring after ${(formedMs / 1000).toFixed(1)} s`);
    await this.store();
    note(`${this.catalogue.files.length} files stored`);
    const half = this.options.killHalf ? await this.half(note) : await this.churn();
    const churnPaceMs = this.pace.take();
    this.enter('waiting for one ring');
    const settled = await this.fleet.untilRingExact(settleTimeoutMs);
    this.enter('looking for every file');
    const audited = await audit(this.witness);
    await this.meter.sample();
    const problems = this.problems(half, settled);
    const ringExactMs = 'ms' in settled ? settled.ms : null;
    const pace = { formingPaceMs, churnPaceMs };
    return { ...this.counts(), ...audited, ...halfFields(half), formedMs, formedCpuSeconds, ...pace, ringExactMs, problems };
  }

  private async form(): Promise<number> {
    this.enter('forming the network');
    const startMs = performance.now();
    await this.fleet.form(this.options.peers);
    const ring = await this.fleet.untilRingExact(formTimeoutMs);
    if ('fault' in ring) throw new Error(`the daemons did not form one ring within ${formTimeoutMs} ms: ${ring.fault}`);
    return performance.now() - startMs;
  }

  private async store(): Promise<void> {
    this.enter('storing files');
    const { fleet, catalogue, guard, outcomes } = this;
    const anyPeer = () => pick(this.witness.random, fleet.serving);
    await pooled(catalogue.sizes(this.options.files), storeAtOnce, (size) => this.clients.put(anyPeer(), size));
    await catalogue
      .putFolder(anyPeer(), join(guard.folder, 'work'), guard.environment)
      .catch((error: unknown) => outcomes.failure('put', undefined, 'folder', error));
    if (catalogue.files.length === 0) throw new Error(`no put was acknowledged: ${outcomes.failures[0]?.error}`);
  }

  private async churn(): Promise<undefined> {
    this.enter('churn');
    const over = new AbortController();
    const clients = this.clients.run(AbortSignal.any([over.signal, this.signal]));
    await this.population.churn(this.options.minutes * 60_000, this.options.turnover, this.signal);
    over.abort();
    await clients;
  }

  private async half(note: (text: string) => void): Promise<HalfReport> {
    this.enter('half of the nodes are killed');
    return killHalf(this.witness, this.options.replicas, note);
  }

  private problems(half: HalfReport | undefined, settled: { readonly fault: string } | object): readonly string[] {
    const { turnover, peers } = this.options;
    const crashed = this.fleet.processes.filter((process) => process.crashed);
    const found: string[] = crashed.map((process) => `the daemon at ${process.path} ended by itself`);
    if ('fault' in settled) found.push(`the ring is not exact: ${settled.fault}`);
    if (this.fleet.serving.length < peers) found.push(`only ${this.fleet.serving.length} of ${peers} nodes are members at the end`);
    if (turnover && this.turnover() < 1) found.push('not every original node was replaced');
    if (half?.problem !== undefined) found.push(`the survivors did not agree: ${half.problem}`);
    if (half !== undefined && half.backToRMs === undefined) found.push(`the survivors did not get back to ${this.options.replicas} copies`);
    if (half !== undefined && half.filesUnavailableWithoutReason > 0) {
      found.push(`${half.filesUnavailableWithoutReason} files could not be read although survivors held every block`);
    }
    return found;
  }

  private turnover(): number {
    const originals = this.fleet.peers.slice(0, this.options.peers);
    return originals.filter((peer) => peer.discarded).length / originals.length;
  }

  /** The part of the report that is merely counted. */
  private counts(): Omit<
    ChurnReport,
    | 'filesStored'
    | 'filesIntact'
    | 'filesLost'
    | 'auditGetsFailed'
    | 'formedMs'
    | 'formedCpuSeconds'
    | 'formingPaceMs'
    | 'churnPaceMs'
    | 'ringExactMs'
    | 'problems'
  > {
    const { outcomes, population, fleet, options, catalogue } = this;
    fleet.sample();
    const { killed, left, paused, joined, returned } = population;
    const { getsOk, getsFailed, putsOk, putsFailed, interrupted, wrongBytes, failures } = outcomes;
    const living = fleet.processes.filter((process) => process.alive);
    return {
      ...{ minutes: options.minutes, sessionMedianS: options.sessionMedianS, files: options.files },
      ...{ peers: options.peers, seed: options.seed, replicas: options.replicas, seconds: (performance.now() - this.startMs) / 1000 },
      ...{ killed, left, paused, joined, returned, turnover: this.turnover() },
      bytesStored: catalogue.files.reduce((sum, file) => sum + file.size, 0),
      ...{ wrongBytes, getsOk, getsFailed, putsOk, putsFailed, requestsInterrupted: interrupted },
      getMs: percentiles(outcomes.getMs),
      putMs: percentiles(outcomes.putMs),
      joinMs: percentiles(outcomes.joinMs),
      rejoinMs: percentiles(outcomes.rejoinMs),
      ...this.meter.work,
      rssMiB: {
        median: Math.round(spread(living.map((process) => process.memory.rssBytes)).median / mebibyte),
        max: Math.round(spread(fleet.processes.map((process) => process.memory.rssBytesMax)).max / mebibyte),
      },
      cpuSeconds: this.cpuSeconds(),
      crashed: fleet.processes.filter((process) => process.crashed).length,
      failures,
      machine: machine(),
    };
  }

  /** Of all daemons, as they were last looked at. */
  private cpuSeconds(): number {
    return this.fleet.processes.reduce((sum, process) => sum + process.cpuSeconds, 0);
  }

  private sample(): void {
    this.pace.sample();
    this.fleet.sample();
    void this.meter.sample();
  }

  private enter(phase: string): void {
    this.signal.throwIfAborted();
    this.phase = phase;
  }

  private progress(): string {
    const { outcomes, population, fleet, catalogue } = this;
    const seconds = Math.round((performance.now() - this.startMs) / 1000);
    const nodes = `${fleet.serving.length} nodes, killed ${population.killed}, left ${population.left}, frozen ${population.paused}, joined ${population.joined}, back ${population.returned}`;
    const requests = `gets ${outcomes.getsOk}/${outcomes.getsFailed} failed, puts ${outcomes.putsOk}/${outcomes.putsFailed} failed`;
    const phase = fleet.fault === undefined ? this.phase : `${this.phase} (${fleet.fault})`;
    return `${seconds} s  ${phase}: ${nodes}; ${catalogue.files.length} files; ${requests}; wrong bytes ${outcomes.wrongBytes}`;
  }
}

function environmentOf({ replicas, logLevel }: ChurnOptions, guard: Guard): Readonly<Record<string, string>> {
  const writeQuorum = Math.floor(replicas / 2) + 1;
  return { ...guard.environment, DHT_REPLICAS: String(replicas), DHT_WRITE_QUORUM: String(writeQuorum), DHT_LOG_LEVEL: logLevel };
}

function halfFields(half: HalfReport | undefined): Partial<ChurnReport> {
  if (half === undefined) return {};
  const { killed, returned, blocks, blocksOutOfReach, filesUnavailableWhileDown } = half;
  const times = { survivorsAgreeMs: half.survivorsAgreeMs ?? null, backToRMs: half.backToRMs ?? null };
  return { killed, returned, ...times, blocks, blocksOutOfReach, filesUnavailableWhileDown };
}
