import type { ProcessChurnSetting } from '../process-churn/play.ts';

/** Of the JSON that `npm run churn -- --json FILE` writes, what the page compares. Times in milliseconds. */
export interface ChurnResult {
  readonly peers: number;
  readonly seed: number;
  readonly replicas: number;
  readonly seconds: number;
  readonly minutes?: number;
  readonly sessionMedianS?: number;
  readonly files?: number;
  readonly killed: number;
  readonly left: number;
  readonly paused: number;
  readonly joined: number;
  readonly returned: number;
  readonly turnover: number;
  readonly getsOk: number;
  readonly getsFailed: number;
  readonly putsOk: number;
  readonly putsFailed: number;
  readonly getMs: Quantiles;
  readonly putMs: Quantiles;
  readonly joinMs: Quantiles;
  readonly rejoinMs: Quantiles;
  readonly formedMs?: number;
  /** Processor time of all daemons until then. */
  readonly formedCpuSeconds?: number;
  /** What the same piece of work took of the processor until then, and from then to the end of the churn. */
  readonly formingPaceMs?: number;
  readonly churnPaceMs?: number;
  readonly ringExactMs: number | null;
  readonly repairBytes: number;
  /** Both ends of a connection count. */
  readonly connectionsOpened?: number;
  readonly messagesSent?: number;
  readonly cpuSeconds: number;
  readonly survivorsAgreeMs?: number | null;
  readonly backToRMs?: number | null;
  readonly machine: { readonly cpu: string; readonly cores: number };
}

/** 0 when nothing was measured. */
interface Quantiles {
  readonly mean?: number;
  readonly p50: number;
  readonly p99: number;
}

const numbers = [
  'peers',
  'seed',
  'replicas',
  'seconds',
  'getsOk',
  'getsFailed',
  'putsOk',
  'putsFailed',
  'repairBytes',
  'cpuSeconds',
  'turnover',
] as const;
const quantiles = ['getMs', 'putMs', 'joinMs', 'rejoinMs'] as const;

/** Undefined when the text is not the result of a churn test. */
export function parseChurnResult(text: string): ChurnResult | undefined {
  const value = parse(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  const isNumber = (name: string): boolean => typeof fields[name] === 'number';
  const isQuantiles = (name: string): boolean => typeof (fields[name] as { p50?: unknown } | undefined)?.p50 === 'number';
  const isMachine = typeof (fields.machine as { cores?: unknown } | undefined)?.cores === 'number';
  return isMachine && numbers.every(isNumber) && quantiles.every(isQuantiles) ? (value as ChurnResult) : undefined;
}

/** The same setting for the simulator. */
export function settingOf(result: ChurnResult): ProcessChurnSetting {
  const { peers, replicas, seed, minutes = 3, sessionMedianS = 120, files = 40 } = result;
  const kind = result.survivorsAgreeMs !== undefined ? 'kill-half' : result.turnover > 0.5 ? 'turnover' : 'churn';
  return { peers, replicas, seed, minutes, files, kind, sessionMedianMs: sessionMedianS * 1000, cores: result.machine.cores };
}

/** Results grouped by what was tested; the seed, from which the schedule comes, may be another. */
export function ofOneSetting(results: readonly ChurnResult[]): readonly (readonly ChurnResult[])[] {
  const groups = Map.groupBy(results, (result) => JSON.stringify({ ...settingOf(result), seed: 0 }));
  return [...groups.values()];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
