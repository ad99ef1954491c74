import type { Checks } from './checks.ts';
import type { Summary } from './samples.ts';
import type { Scenario } from './scenario.ts';
import type { Statistics } from './statistics.ts';
import type { TrafficCount, TrafficType } from './traffic.ts';
import type { Violation } from './violations.ts';
import type { World } from './world.ts';

/** What a run was and what it showed. Times in milliseconds; those of the run itself are virtual. */
export interface Report {
  readonly scenario: string;
  readonly seed: number;
  readonly nodes: number;
  readonly hosts: number;
  readonly virtualMs: number;
  readonly elapsedMs: number;
  /** Of processor time, on all threads: garbage collection included. */
  readonly cpuMs: number;
  readonly events: number;
  /** Per second of processor time, which a busy machine does not change much. */
  readonly eventsPerSecond: number;
  /** Of the stream of events: equal for equal seeds. */
  readonly fingerprint: string;
  /** From the last fault to a network in which all that must hold in the end does; absent when it did not come to that. */
  readonly settledMs?: number;
  /** Sent, per active node and second. */
  readonly traffic: readonly TrafficReport[];
  readonly joins: { readonly ms?: Summary; readonly seeds: number; readonly merges: number };
  readonly lookups: { readonly ok: number; readonly wrong: number; readonly lost: number; readonly hops?: Summary; readonly ms?: Summary };
  readonly puts: OperationReport;
  /** `untrueAbsences`: answered with not-found, though a running node had the block. */
  readonly gets: OperationReport & { readonly untrueAbsences: number };
  readonly items: { readonly acknowledged: number; readonly lost: number };
  readonly failures: { readonly crashes: number; readonly falseVerdicts: number; readonly detectionMs?: Summary };
  /** In how many of the samples some key had two roots. */
  readonly twoRoots: { readonly samples: number; readonly withTwo: number };
  readonly heapBytesPerNode?: number;
  readonly violations: readonly ViolationReport[];
  readonly violationsTotal: number;
}

interface TrafficReport {
  readonly type: TrafficType | 'total';
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
}

export interface OperationReport {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly ms?: Summary;
}

export interface ViolationReport {
  readonly checker: string;
  readonly demand: Violation['demand'];
  readonly atMs: number;
  readonly message: string;
  readonly hosts: readonly { readonly index: number; readonly id: string; readonly state: string }[];
  readonly lastMessages: readonly string[];
}

export interface ReportInput {
  readonly scenario: Scenario;
  readonly nodes: number;
  readonly world: World;
  readonly checks: Checks;
  readonly statistics: Statistics;
  readonly settledMs: number | undefined;
  readonly elapsedMs: number;
  readonly cpuMs: number;
}

const second = 1000;

export function makeReport(input: ReportInput): Report {
  const { world, checks, statistics, elapsedMs, cpuMs } = input;
  return {
    scenario: input.scenario.name,
    seed: world.seed,
    nodes: input.nodes,
    hosts: world.hosts.length,
    virtualMs: world.now,
    elapsedMs,
    cpuMs,
    events: world.engine.events,
    eventsPerSecond: (world.engine.events / cpuMs) * second,
    fingerprint: world.engine.fingerprint,
    ...optional('settledMs', input.settledMs),
    traffic: trafficReport(world, input.nodes),
    joins: { ...optional('ms', statistics.joinMs.summary()), seeds: statistics.seeds, merges: statistics.merges },
    lookups: {
      ...checks.trueRoot.verdicts,
      ...optional('hops', statistics.hops.summary()),
      ...optional('ms', statistics.lookupMs.summary()),
    },
    puts: { outcomes: Object.fromEntries(statistics.puts), ...optional('ms', statistics.putMs.summary()) },
    gets: {
      outcomes: Object.fromEntries(statistics.gets),
      untrueAbsences: checks.absence.untrue,
      ...optional('ms', statistics.getMs.summary()),
    },
    items: { acknowledged: checks.ledger.acknowledged().length, lost: checks.ledger.lost().length },
    failures: {
      crashes: statistics.crashes,
      falseVerdicts: statistics.falseFailures,
      ...optional('detectionMs', statistics.detectionMs.summary()),
    },
    twoRoots: { samples: checks.rootSamples.taken, withTwo: checks.rootSamples.withTwo },
    violations: checks.violations.list.map(violationReport),
    violationsTotal: checks.violations.total,
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

function trafficReport(world: World, nodes: number): TrafficReport[] {
  const nodeSeconds = (nodes * world.now) / second;
  const rate = (type: TrafficReport['type'], { messages, bytes }: Readonly<TrafficCount>): TrafficReport => ({
    type,
    messagesPerSecond: messages / nodeSeconds,
    bytesPerSecond: bytes / nodeSeconds,
  });
  const { traffic } = world.network;
  return [rate('total', traffic.total()), ...traffic.byType().map(([type, count]) => rate(type, count))];
}

function violationReport({ checker, demand, atMs, message, hosts, lastMessages }: Violation): ViolationReport {
  return {
    checker,
    demand,
    atMs,
    message,
    hosts: hosts.map((host) => ({
      index: host.index,
      id: host.id.hex,
      state: host.state === 'running' ? (host.status ?? 'off') : host.state,
    })),
    lastMessages: lastMessages.map(({ atMs: at, from, to, type }) => `${(at / second).toFixed(3)} s  #${from} → #${to}  ${type}`),
  };
}
