/** Two-sided 95 %. */
const z = 1.959964;

/** A share that was counted, with the interval that holds the true one with 95 % confidence (Wilson 1927). */
export interface Proportion {
  readonly count: number;
  readonly of: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

export function proportion(count: number, of: number): Proportion {
  if (of === 0) return { count, of, share: 0, low: 0, high: 1 };
  const share = count / of;
  const square = z * z;
  const centre = (share + square / (2 * of)) / (1 + square / of);
  const half = (z * Math.sqrt((share * (1 - share)) / of + square / (4 * of * of))) / (1 + square / of);
  return { count, of, share, low: count === 0 ? 0 : Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** For small shares: `1.2e-5 (5 of 430,000; 95 %: 4.9e-6 to 2.7e-5)`. */
export function rare({ count, of, share, low, high }: Proportion): string {
  return `${scientific(share)} (${count} of ${of.toLocaleString('en')}; 95 %: ${scientific(low)} to ${scientific(high)})`;
}

/** For shares near one: `99.95 % (of 4,000; 95 %: 99.8 to 99.99 %)`. */
export function common({ of, share, low, high }: Proportion): string {
  return `${percent(share)} % (of ${of.toLocaleString('en')}; 95 %: ${percent(low)} to ${percent(high)} %)`;
}

function scientific(value: number): string {
  return value === 0 ? '0' : value.toExponential(1);
}

function percent(value: number): string {
  return (100 * value).toFixed(3);
}
