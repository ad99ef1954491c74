import { describeMachine, type Machine } from '../lib/machine.ts';
import type { Percentiles } from '../lib/percentiles.ts';
import { table } from '../lib/table.ts';
import type { Failure } from './outcomes.ts';

/** The result of a run, as it is written as JSON. Times in milliseconds unless the name says otherwise. */
export interface ChurnReport {
  readonly peers: number;
  readonly seed: number;
  readonly replicas: number;
  /** What was asked for: minutes of churn, median session in seconds, files stored before. */
  readonly minutes: number;
  readonly sessionMedianS: number;
  readonly files: number;
  readonly seconds: number;
  /** Nodes ended by `kill -9`. */
  readonly killed: number;
  readonly left: number;
  readonly paused: number;
  /** Fresh nodes that joined after the network had been formed. */
  readonly joined: number;
  /** Nodes that came back on their disk. */
  readonly returned: number;
  /** Part of the original nodes that were replaced by fresh ones, 0 to 1. */
  readonly turnover: number;
  readonly filesStored: number;
  readonly filesIntact: number;
  readonly filesLost: number;
  readonly bytesStored: number;
  readonly wrongBytes: number;
  readonly getsOk: number;
  readonly getsFailed: number;
  readonly putsOk: number;
  readonly putsFailed: number;
  /** Requests through a node that the script itself ended or froze in the middle. */
  readonly requestsInterrupted: number;
  /** Gets after the churn that had to be repeated. */
  readonly auditGetsFailed: number;
  readonly getMs: Percentiles;
  readonly putMs: Percentiles;
  readonly joinMs: Percentiles;
  readonly rejoinMs: Percentiles;
  /** From the start of the first process to one consistent ring of all. */
  readonly formedMs: number;
  /** Processor time of all daemons until then. */
  readonly formedCpuSeconds: number;
  /** What the same piece of work took of the processor until then, and from then to the end of the churn, in the median. */
  readonly formingPaceMs: number;
  readonly churnPaceMs: number;
  /** From the end of the churn until every leaf set was exact; null when that did not happen in time. */
  readonly ringExactMs: number | null;
  readonly repairBytes: number;
  /** By all daemons; a connection counts at both of its ends. */
  readonly connectionsOpened: number;
  readonly messagesSent: number;
  readonly rssMiB: { readonly median: number; readonly max: number };
  /** Of all daemons together. */
  readonly cpuSeconds: number;
  /** Daemons that ended although nobody told them to. */
  readonly crashed: number;
  /** With --kill-half. */
  readonly survivorsAgreeMs?: number | null;
  readonly backToRMs?: number | null;
  readonly blocks?: number;
  readonly blocksOutOfReach?: number;
  readonly filesUnavailableWhileDown?: number;
  readonly problems: readonly string[];
  readonly failures: readonly Failure[];
  readonly machine: Machine;
}

/** The table for people. */
export function renderReport(report: ChurnReport): string {
  const rows: (readonly string[])[] = [
    ['', 'result'],
    ['nodes', `${report.peers}, r = ${report.replicas}, seed ${report.seed}`],
    ['from nothing to one ring', seconds(report.formedMs)],
    ['killed / left / frozen', `${report.killed} / ${report.left} / ${report.paused}`],
    ['joined fresh / came back', `${report.joined} / ${report.returned}`],
    ['original nodes replaced', percent(report.turnover)],
    ['gets', `${report.getsOk} ok, ${report.getsFailed} failed (${rate(report.getsOk, report.getsFailed)})`],
    ['puts', `${report.putsOk} ok, ${report.putsFailed} failed (${rate(report.putsOk, report.putsFailed)})`],
    ['requests cut off by the script', String(report.requestsInterrupted)],
    ...latencyRows(report),
    ['ring exact again after', report.ringExactMs === null ? 'not in time' : seconds(report.ringExactMs)],
    ...halfRows(report),
    ['repair traffic', `${mebibytes(report.repairBytes)} MiB`],
    ['connections opened / messages sent', `${Math.round(report.connectionsOpened / 2)} / ${report.messagesSent}`],
    ['RSS median / max', `${report.rssMiB.median} / ${report.rssMiB.max} MiB`],
    ['CPU time of all daemons', `${Math.round(report.cpuSeconds)} s in ${Math.round(report.seconds)} s`],
    ['files stored', `${report.filesStored} (${mebibytes(report.bytesStored)} MiB)`],
    ['files intact', `${report.filesIntact} (${percent(report.filesIntact / Math.max(1, report.filesStored))})`],
    ['files lost', String(report.filesLost)],
    ['wrong bytes', String(report.wrongBytes)],
  ];
  return `${table(rows)}\n\n${describeMachine(report.machine)}`;
}

function halfRows(report: ChurnReport): readonly (readonly string[])[] {
  if (report.survivorsAgreeMs === undefined) return [];
  const time = (ms: number | null | undefined): string => (typeof ms === 'number' ? seconds(ms) : 'not in time');
  return [
    ['survivors agree after', time(report.survivorsAgreeMs)],
    [`back to ${report.replicas} copies, from then`, time(report.backToRMs)],
    ['blocks with copies in the dead half only', `${report.blocksOutOfReach} of ${report.blocks}`],
    ['files unavailable while it was down', String(report.filesUnavailableWhileDown)],
  ];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function latencyRows({ getMs, putMs, joinMs, rejoinMs }: ChurnReport): readonly (readonly string[])[] {
  const series = Object.entries({ get: getMs, put: putMs, join: joinMs, rejoin: rejoinMs });
  return series.filter(([, { p50 }]) => p50 > 0).map(([name, times]) => [`${name} p50 / p99 / p99.9`, latencies(times)]);
}

function latencies({ p50, p99, p999 }: Percentiles): string {
  return `${[p50, p99, p999].map((ms) => ms.toFixed(ms < 10 ? 1 : 0)).join(' / ')} ms`;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

function percent(part: number): string {
  return `${Math.floor(part * 10_000) / 100} %`;
}

function rate(ok: number, failed: number): string {
  return ok + failed === 0 ? 'none' : percent(ok / (ok + failed));
}
