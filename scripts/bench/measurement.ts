import { spread } from '../lib/percentiles.ts';
import { table } from '../lib/table.ts';

/** One figure with its spread. */
export interface Measurement {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** How many values that is the median of. */
  readonly count: number;
  /** What it must reach: the median at most, or at least, this. */
  readonly goal?: Goal | undefined;
}

export type Goal = { readonly atMost: number } | { readonly atLeast: number };

export function measurement(name: string, unit: string, values: readonly number[], goal?: Goal): Measurement {
  return { name, unit, ...spread(values), count: values.length, goal };
}

/** Undefined when there is no goal. */
export function isReached({ median, count, goal }: Measurement): boolean | undefined {
  if (goal === undefined) return undefined;
  if (count === 0) return false;
  return 'atMost' in goal ? median <= goal.atMost : median >= goal.atLeast;
}

export function renderMeasurements(measurements: readonly Measurement[]): string {
  const rows = measurements.map((one) => [
    one.name,
    one.unit,
    ...[one.median, one.min, one.max].map((value) => (one.count === 0 ? '-' : figure(value))),
    String(one.count),
    goalText(one),
  ]);
  return table([['', 'unit', 'median', 'min', 'max', 'of', 'goal'], ...rows]);
}

function goalText(one: Measurement): string {
  if (one.goal === undefined) return '';
  const bound = 'atMost' in one.goal ? `≤ ${one.goal.atMost}` : `≥ ${one.goal.atLeast}`;
  return `${bound} ${isReached(one) ? 'yes' : 'NO'}`;
}

/** Three significant digits, as many as repeated runs agree in. */
function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
