import type { OperationReport, Report, ViolationReport } from './report.ts';
import type { Summary } from './samples.ts';

const second = 1000;
const labelWidth = 12;

/** The report for people, with the command that repeats the run when something is wrong. */
export function reportText(report: Report, command: string): string {
  const lines = [
    line('run', `${report.scenario}, seed ${report.seed}, ${report.nodes} nodes (${report.hosts} hosts in all)`),
    line(
      'time',
      `${seconds(report.virtualMs)} virtual in ${seconds(report.elapsedMs)} (${seconds(report.cpuMs)} of processor time), settled ${settled(report)}`,
    ),
    line('events', `${integer(report.events)}, ${integer(report.eventsPerSecond)}/s, fingerprint ${report.fingerprint}`),
    ...(report.heapBytesPerNode === undefined ? [] : [line('heap', `${(report.heapBytesPerNode / 1024).toFixed(1)} KiB per node`)]),
    line('joins', `${summary(report.joins.ms)}; ${report.joins.seeds} seeded, ${report.joins.merges} merges`),
    line('lookups', `${report.lookups.ok} ok, ${report.lookups.wrong} wrong, ${report.lookups.lost} lost; ${summary(report.lookups.ms)}`),
    line('hops', hops(report.lookups.hops)),
    line('puts', operation(report.puts)),
    line('gets', `${operation(report.gets)}; ${report.gets.untrueAbsences} times not-found was untrue`),
    line('items', `${report.items.acknowledged} acknowledged, ${report.items.lost} without a copy on a running node`),
    line(
      'failures',
      `${report.failures.crashes} crashes, ${report.failures.falseVerdicts} false verdicts; detected after ${summary(report.failures.detectionMs)}`,
    ),
    line('two roots', `in ${report.twoRoots.withTwo} of ${report.twoRoots.samples} samples`),
    '',
    'traffic per node and second',
    ...report.traffic.map(({ type, messagesPerSecond, bytesPerSecond }) => traffic(type, messagesPerSecond, bytesPerSecond)),
    '',
    ...verdict(report, command),
  ];
  return `${lines.join('\n')}\n`;
}

function verdict(report: Report, command: string): string[] {
  if (report.violationsTotal === 0) return ['no violation'];
  return [
    ...report.violations.flatMap(violation),
    `${report.violationsTotal} violations, ${report.violations.length} of them shown. To repeat:`,
    `  ${command}`,
  ];
}

function violation({ checker, demand, atMs, message, hosts, lastMessages }: ViolationReport): string[] {
  return [
    `VIOLATION ${checker} (${demand}) at ${seconds(atMs)}: ${message}`,
    ...hosts.map(({ index, id, state }) => `  #${index} ${id.slice(0, 16)} ${state}`),
    ...lastMessages.map((text) => `    ${text}`),
  ];
}

function line(label: string, text: string): string {
  return `${label.padEnd(labelWidth)}${text}`;
}

function traffic(type: string, messages: number, bytes: number): string {
  return `  ${type.padEnd(16)}${messages.toFixed(2).padStart(10)} messages${bytes.toFixed(0).padStart(10)} bytes`;
}

function settled({ settledMs }: Report): string {
  return settledMs === undefined ? 'never' : `after ${seconds(settledMs)}`;
}

function operation({ outcomes, ms }: OperationReport): string {
  const counts = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  return `${counts.join(', ') || 'none'}; ${summary(ms)}`;
}

function summary(values: Summary | undefined): string {
  if (values === undefined) return 'none measured';
  return `${values.count} × p50 ${milliseconds(values.p50)}, p99 ${milliseconds(values.p99)}, max ${milliseconds(values.max)}`;
}

function hops(values: Summary | undefined): string {
  return values === undefined ? 'none measured' : `mean ${values.mean.toFixed(2)}, p99 ${values.p99}, max ${values.max}`;
}

function seconds(ms: number): string {
  return `${(ms / second).toFixed(1)} s`;
}

function milliseconds(ms: number): string {
  return ms < 10 * second ? `${ms.toFixed(0)} ms` : seconds(ms);
}

function integer(value: number): string {
  return Math.round(value).toLocaleString('en');
}
