/** What the reports say of a series of measurements, in the unit of the measurements. All 0 when there is none. */
export interface Percentiles {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Nearest rank: the smallest value that at least the fraction `q` of all values does not exceed. 0 when there is none. */
export function percentile(values: readonly number[], q: number): number {
  return ofSorted(sorted(values), q);
}

export function percentiles(values: readonly number[]): Percentiles {
  const ascending = sorted(values);
  const at = (q: number): number => round(ofSorted(ascending, q));
  const sum = ascending.reduce((total, value) => total + value, 0);
  return { mean: round(sum / Math.max(1, ascending.length)), p50: at(0.5), p99: at(0.99), p999: at(0.999) };
}

export function spread(values: readonly number[]): Spread {
  const ascending = sorted(values);
  return { median: round(ofSorted(ascending, 0.5)), min: round(ascending[0] ?? 0), max: round(ascending.at(-1) ?? 0) };
}

function ofSorted(ascending: readonly number[], q: number): number {
  const rank = Math.max(1, Math.ceil(q * ascending.length));
  return ascending[rank - 1] ?? 0;
}

function sorted(values: readonly number[]): readonly number[] {
  return values.toSorted((a, b) => a - b);
}

/** Three digits behind the point at most: no measurement here is better than that. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
