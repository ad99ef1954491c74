/** Measured values, for quantiles at the end of a run. */
export class Samples {
  private readonly values: number[] = [];
  private sum = 0;

  get count(): number {
    return this.values.length;
  }

  add(value: number): void {
    this.values.push(value);
    this.sum += value;
  }

  summary(): Summary | undefined {
    if (this.values.length === 0) return undefined;
    const sorted = Float64Array.from(this.values).sort();
    const quantile = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
    return { count: sorted.length, mean: this.sum / sorted.length, p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) };
  }
}

export interface Summary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Of those that there are, the upper one of two in the middle. */
export function median(values: readonly (number | undefined)[]): number | undefined {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
