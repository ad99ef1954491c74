import type { Checks } from '../checkers/checks.ts';
import type { Violation } from '../checkers/violations.ts';
import { type Measurement, type NetworkFigures, optional } from '../measuring/measurement.ts';
import type { Summary } from '../measuring/samples.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { World } from '../world/world.ts';

/** What a run was and what it showed. Times in milliseconds; those of the run itself are virtual. */
export interface Report extends NetworkFigures {
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
  /** Ended without waiting for the network to become whole. */
  readonly openEnd: boolean;
  /** From the last fault to a network in which all that must hold in the end does; absent when it did not come to that. */
  readonly settledMs?: number;
  readonly puts: OperationReport;
  /** `untrueAbsences`: answered with not-found, though a running node had the block. */
  readonly gets: OperationReport & { readonly untrueAbsences: number };
  readonly items: { readonly acknowledged: number; readonly lost: number };
  /** Live objects at the end of the run; and the most that the process had of the machine's memory so far. */
  readonly heapBytesPerNode?: number;
  readonly peakRssBytes?: number;
  readonly violations: readonly ViolationReport[];
  readonly violationsTotal: number;
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
  readonly measurement: Measurement;
  readonly openEnd: boolean;
  readonly settledMs: number | undefined;
  readonly elapsedMs: number;
  readonly cpuMs: number;
}

const second = 1000;

export function makeReport(input: ReportInput): Report {
  const { world, checks, elapsedMs, cpuMs } = input;
  const { statistics } = input.measurement;
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
    openEnd: input.openEnd,
    ...optional('settledMs', input.settledMs),
    ...input.measurement.figures(),
    puts: { outcomes: Object.fromEntries(statistics.puts), ...optional('ms', statistics.putMs.summary()) },
    gets: {
      outcomes: Object.fromEntries(statistics.gets),
      untrueAbsences: checks.absence.untrue,
      ...optional('ms', statistics.getMs.summary()),
    },
    items: { acknowledged: checks.ledger.acknowledged().length, lost: checks.ledger.lost().length },
    violations: checks.violations.list.map(violationReport),
    violationsTotal: checks.violations.total,
  };
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
