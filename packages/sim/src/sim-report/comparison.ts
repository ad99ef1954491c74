import { median } from '../measuring/samples.ts';
import type { ProcessChurnFigures } from '../process-churn/play.ts';
import type { ChurnResult } from './churn-result.ts';

/** Where the simulated value and the real one differ by more than this, the simulator's model is wrong. */
const factorMax = 2;

export interface ComparedValue {
  readonly name: string;
  readonly unit: '%' | 'ms' | 's' | 'MiB' | '';
  readonly real: number;
  /** The least and the most that a real run had. */
  readonly realRange: readonly [number, number];
  readonly simulated: number;
  /** Simulated over real. */
  readonly ratio: number;
  readonly isFar: boolean;
}

/** One number that both tests have; absent where it was not measured. */
interface Measure {
  readonly name: string;
  readonly unit: ComparedValue['unit'];
  of(real: ChurnResult): number | null | undefined;
  ofSimulated(figures: ProcessChurnFigures): number | undefined;
}

const mebibyte = 2 ** 20;

const measures: readonly Measure[] = [
  { name: 'gets that succeed', unit: '%', of: getsOkPercent, ofSimulated: getsOkPercent },
  { name: 'puts that succeed', unit: '%', of: putsOkPercent, ofSimulated: putsOkPercent },
  { name: 'gets', unit: '', of: ({ getsOk }) => getsOk, ofSimulated: ({ getsOk }) => getsOk },
  { name: 'get, median', unit: 'ms', of: ({ getMs }) => getMs.p50, ofSimulated: ({ getMs }) => getMs?.p50 },
  { name: 'get, 99th percentile', unit: 'ms', of: ({ getMs }) => getMs.p99, ofSimulated: ({ getMs }) => getMs?.p99 },
  { name: 'put, median', unit: 'ms', of: ({ putMs }) => putMs.p50, ofSimulated: ({ putMs }) => putMs?.p50 },
  { name: 'put, 99th percentile', unit: 'ms', of: ({ putMs }) => putMs.p99, ofSimulated: ({ putMs }) => putMs?.p99 },
  { name: 'join, median', unit: 'ms', of: ({ joinMs }) => joinMs.p50, ofSimulated: ({ joinMs }) => joinMs?.p50 },
  { name: 'join, 99th percentile', unit: 'ms', of: ({ joinMs }) => joinMs.p99, ofSimulated: ({ joinMs }) => joinMs?.p99 },
  // About half of the nodes are back in less than a second, the others in five: a median falls among the ones or the others.
  { name: 'rejoin, mean', unit: 'ms', of: ({ rejoinMs }) => rejoinMs.mean, ofSimulated: ({ rejoinMs }) => rejoinMs?.mean },
  { name: 'rejoin, 99th percentile', unit: 'ms', of: ({ rejoinMs }) => rejoinMs.p99, ofSimulated: ({ rejoinMs }) => rejoinMs?.p99 },
  { name: 'from nothing to one ring', unit: 'ms', of: ({ formedMs }) => formedMs, ofSimulated: ({ formedMs }) => formedMs },
  { name: 'nodes ended', unit: '', of: nodesEnded, ofSimulated: nodesEnded },
  { name: 'ring exact after the churn', unit: 'ms', of: ({ ringExactMs }) => ringExactMs, ofSimulated: ({ ringExactMs }) => ringExactMs },
  {
    name: 'half killed: leaf sets exact after',
    unit: 'ms',
    of: ({ survivorsAgreeMs }) => survivorsAgreeMs,
    ofSimulated: ({ survivorsAgreeMs }) => survivorsAgreeMs,
  },
  { name: 'half killed: r copies again after', unit: 'ms', of: recoveryMs, ofSimulated: recoveryMs },
  {
    name: 'processor time of all daemons',
    unit: 's',
    of: ({ cpuSeconds }) => cpuSeconds,
    ofSimulated: ({ cpuSeconds }) => cpuSeconds,
  },
  {
    name: 'connections opened',
    unit: '',
    // Each at both of its ends.
    of: ({ connectionsOpened }) => connectionsOpened && connectionsOpened / 2,
    ofSimulated: ({ connectionsOpened }) => connectionsOpened,
  },
  { name: 'messages sent', unit: '', of: ({ messagesSent }) => messagesSent, ofSimulated: ({ messagesSent }) => messagesSent },
  {
    name: 'repair traffic',
    unit: 'MiB',
    of: ({ repairBytes }) => repairBytes / mebibyte,
    ofSimulated: ({ repairBytes }) => repairBytes / mebibyte,
  },
];

/** What the real test measured beside the same test simulated, each the median of its runs; only what both have. */
export function compare(reals: readonly ChurnResult[], simulated: readonly ProcessChurnFigures[]): readonly ComparedValue[] {
  return measures.flatMap(({ name, unit, of, ofSimulated }) => {
    const measured = reals
      .map(of)
      .filter((value) => typeof value === 'number')
      .filter((value) => value > 0);
    return compared(name, unit, measured, median(simulated.map(ofSimulated))) ?? [];
  });
}

/** The share of the processor time there was that the daemons took, 0 to 1. */
export function processorShare(reals: readonly ChurnResult[]): number {
  const sum = (of: (real: ChurnResult) => number): number => reals.reduce((total, real) => total + of(real), 0);
  return sum(({ cpuSeconds }) => cpuSeconds) / sum(({ seconds, machine }) => seconds * machine.cores);
}

/** Undefined when one side has not measured it, or both say nothing. */
function compared(
  name: string,
  unit: ComparedValue['unit'],
  measured: readonly number[],
  simulated: number | undefined,
): ComparedValue | undefined {
  const real = median(measured);
  if (real === undefined || simulated === undefined) return undefined;
  const ratio = simulated / real;
  const realRange = [Math.min(...measured), Math.max(...measured)] as const;
  return { name, unit, real, realRange, simulated, ratio, isFar: ratio > factorMax || ratio < 1 / factorMax };
}

type Requests = Pick<ProcessChurnFigures, 'getsOk' | 'getsFailed' | 'putsOk' | 'putsFailed'>;

function getsOkPercent({ getsOk, getsFailed }: Requests): number {
  return okPercent(getsOk, getsFailed);
}

function putsOkPercent({ putsOk, putsFailed }: Requests): number {
  return okPercent(putsOk, putsFailed);
}

function nodesEnded({ killed, left }: { readonly killed: number; readonly left: number }): number {
  return killed + left;
}

/** From the kill on; the tests measure it from the moment when the survivors agree. */
function recoveryMs(half: { readonly survivorsAgreeMs?: number | null; readonly backToRMs?: number | null }): number | undefined {
  const { survivorsAgreeMs, backToRMs } = half;
  return typeof survivorsAgreeMs === 'number' && typeof backToRMs === 'number' ? survivorsAgreeMs + backToRMs : undefined;
}

function okPercent(ok: number, failed: number): number {
  return ok + failed === 0 ? 0 : (100 * ok) / (ok + failed);
}
