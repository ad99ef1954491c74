import type { TrafficRate } from '../measuring/measurement.ts';
import type { Summary } from '../measuring/samples.ts';
import type { OperationReport, Report, ViolationReport } from './report.ts';

const second = 1000;
const kibibyte = 1024;
const labelWidth = 12;

/** The report for people, with the command that repeats the run when something is wrong. */
export function reportText(report: Report, command: string): string {
  const lines = [
    line('run', `${report.scenario}, seed ${report.seed}, ${report.nodes} nodes (${report.hosts} hosts in all)`),
    line(
      'time',
      `${seconds(report.virtualMs)} virtual in ${seconds(report.elapsedMs)} (${seconds(report.cpuMs)} of processor time), ${settled(report)}`,
    ),
    line('events', `${integer(report.events)}, ${integer(report.eventsPerSecond)}/s, fingerprint ${report.fingerprint}`),
    ...memory(report),
    line('joins', `${summary(report.joins.ms)}; ${report.joins.seeds} seeded, ${report.joins.merges} merges`),
    line('lookups', `${report.lookups.ok} ok, ${report.lookups.wrong} wrong, ${report.lookups.lost} lost; ${summary(report.lookups.ms)}`),
    line('hops', hops(report.lookups.hops)),
    line('stretch', stretch(report)),
    line('puts', operation(report.puts)),
    line('gets', `${operation(report.gets)}; ${report.gets.untrueAbsences} times not-found was untrue`),
    line('items', `${report.items.acknowledged} acknowledged, ${report.items.lost} without a copy on a running node`),
    line(
      'failures',
      `${report.failures.crashes} crashes, ${report.failures.falseVerdicts} false verdicts; detected after ${summary(report.failures.detectionMs)}`,
    ),
    line('ring', ring(report)),
    '',
    'traffic per node and second',
    ...(['total', 'control', 'lookup', 'storage'] as const).map((name) => traffic(name, report.traffic[name])),
    '',
    ...report.traffic.byType.map((rate) => traffic(rate.type, rate)),
    '',
    ...verdict(report, command),
  ];
  return `${lines.join('\n')}\n`;
}

function memory({ heapBytesPerNode, peakRssBytes }: Report): string[] {
  if (heapBytesPerNode === undefined || peakRssBytes === undefined) return [];
  const heap = (heapBytesPerNode / kibibyte).toFixed(1);
  return [line('memory', `${heap} KiB of heap per node, ${(peakRssBytes / kibibyte ** 2).toFixed(0)} MiB resident at most`)];
}

function verdict(report: Report, command: string): string[] {
  if (report.violationsTotal === 0) return ['no violation'];
  return [
    ...report.violations.flatMap(violation),
    `${report.violationsTotal} violations, ${report.violations.length} of them shown. To repeat, and to see what led to the first:`,
    `  ${command}`,
    `  ${command} --steps 20`,
    'Or step through what one node was told, to the violation and back:',
    `  ${command} --journal FILE --journal-node ${report.violations[0]?.hosts[0]?.index ?? 0} && npm run sim -- --replay FILE`,
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

function traffic(name: string, { messagesPerSecond, bytesPerSecond }: TrafficRate): string {
  return `  ${name.padEnd(18)}${messagesPerSecond.toFixed(3).padStart(10)} messages${bytesPerSecond.toFixed(0).padStart(10)} bytes`;
}

function stretch({ stretch: { ratios, ofMeans } }: Report): string {
  if (ratios === undefined || ofMeans === undefined) return 'none measured';
  return `mean ${ratios.mean.toFixed(2)}, p50 ${ratios.p50.toFixed(2)}, p99 ${ratios.p99.toFixed(2)}; of the means ${ofMeans.toFixed(2)}`;
}

function ring({ consistency: { twoRootsMs, inexactMs, inexactNodeShare, samples, periodMs } }: Report): string {
  const share = (100 * inexactNodeShare).toFixed(2);
  const looked = `of ${seconds(samples * periodMs)}`;
  return `two roots for ${seconds(twoRootsMs)} ${looked}; inexact leaf sets for ${seconds(inexactMs)}, ${share} % of all nodes' time`;
}

function settled({ openEnd, settledMs }: Report): string {
  if (openEnd) return 'with an open end';
  return settledMs === undefined ? 'never settled' : `settled after ${seconds(settledMs)}`;
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
