import type { ProcessChurnFigures } from '../process-churn/play.ts';
import type { ChurnResult } from './churn-result.ts';

/** Where the simulated value and the real one differ by more than this, the simulator's model is wrong. */
const factorMax = 2;

export interface ComparedValue {
  readonly name: string;
  readonly unit: '%' | 'ms' | 's' | 'MiB' | '';
  readonly real: number;
  readonly simulated: number;
  /** Simulated over real. */
  readonly ratio: number;
  readonly isFar: boolean;
}

/** What the real test measured beside the same test simulated; only what both have. */
export function compare(real: ChurnResult, simulated: ProcessChurnFigures): readonly ComparedValue[] {
  const { minutes = 3 } = real;
  const rows: readonly (ComparedValue | undefined)[] = [
    value('gets that succeed', '%', okPercent(real.getsOk, real.getsFailed), okPercent(simulated.getsOk, simulated.getsFailed)),
    value('puts that succeed', '%', okPercent(real.putsOk, real.putsFailed), okPercent(simulated.putsOk, simulated.putsFailed)),
    value('gets per minute', '', real.getsOk / minutes, simulated.getsOk / minutes),
    value('get, median', 'ms', real.getMs.p50, simulated.getMs?.p50),
    value('get, 99th percentile', 'ms', real.getMs.p99, simulated.getMs?.p99),
    value('put, median', 'ms', real.putMs.p50, simulated.putMs?.p50),
    value('put, 99th percentile', 'ms', real.putMs.p99, simulated.putMs?.p99),
    value('join, median', 'ms', real.joinMs.p50, simulated.joinMs?.p50),
    value('join, 99th percentile', 'ms', real.joinMs.p99, simulated.joinMs?.p99),
    value('rejoin, median', 'ms', real.rejoinMs.p50, simulated.rejoinMs?.p50),
    value('rejoin, 99th percentile', 'ms', real.rejoinMs.p99, simulated.rejoinMs?.p99),
    value('from nothing to one ring', 'ms', real.formedMs, simulated.formedMs),
    value('nodes ended', '', real.killed + real.left, simulated.killed + simulated.left),
    value('ring exact after the churn', 'ms', real.ringExactMs, simulated.ringExactMs),
    value('half killed: leaf sets exact after', 'ms', real.survivorsAgreeMs, simulated.survivorsAgreeMs),
    value(
      'half killed: r copies again after',
      'ms',
      sum(real.survivorsAgreeMs, real.backToRMs),
      sum(simulated.survivorsAgreeMs, simulated.backToRMs),
    ),
    value('processor time of all daemons', 's', real.cpuSeconds, simulated.cpuSeconds),
    value('connections opened', '', halved(real.connectionsOpened), simulated.connectionsOpened),
    value('messages sent', '', real.messagesSent, simulated.messagesSent),
    value('repair traffic', 'MiB', real.repairBytes / 2 ** 20, simulated.repairBytes / 2 ** 20),
  ];
  return rows.filter((row) => row !== undefined);
}

/** The share of the processor time there was that the daemons took, 0 to 1. */
export function processorShare({ cpuSeconds, seconds, machine }: ChurnResult): number {
  return cpuSeconds / (seconds * machine.cores);
}

/** Undefined when one side has not measured it, or both say nothing. */
function value(
  name: string,
  unit: ComparedValue['unit'],
  real: number | null | undefined,
  simulated: number | undefined,
): ComparedValue | undefined {
  if (typeof real !== 'number' || simulated === undefined || real <= 0) return undefined;
  const ratio = simulated / real;
  return { name, unit, real, simulated, ratio, isFar: ratio > factorMax || ratio < 1 / factorMax };
}

function sum(first: number | null | undefined, then: number | null | undefined): number | undefined {
  return typeof first === 'number' && typeof then === 'number' ? first + then : undefined;
}

/** A connection counts at both of its ends. */
function halved(ends: number | undefined): number | undefined {
  return ends === undefined ? undefined : ends / 2;
}

function okPercent(ok: number, failed: number): number {
  return ok + failed === 0 ? 0 : (100 * ok) / (ok + failed);
}
