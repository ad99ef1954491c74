import type { OverlayConfig } from './config.ts';
import { expm1, ln } from './exact-math.ts';
import { FailureRate } from './failure-rate.ts';
import { digitValues } from './id.ts';

/** Halvings of a range that spans a factor of two: to a precision far beyond that of any estimate of failures. */
const bisections = 20;

/**
 * The chance that a node which was alive when it was last heard of is dead when it is used, at a random moment: P_f of MSPastry.
 * `failures`: expected failures of the node within the longest time until its failure is detected, T · μ.
 */
export function chanceOfDead(failures: number): number {
  if (failures < 1e-6) return failures / 2;
  return 1 + expm1(-failures) / failures;
}

/** The inverse: how many failures may be expected until detection, for the chance to be at most this. */
export function failuresFor(chance: number): number {
  // Of small chances twice as many, as the node is used halfway on average; of large ones what 1 − 1/x has.
  let low = chance / (1 - chance);
  let high = 2 * low;
  for (let i = 0; i < bisections; i++) {
    const middle = (low + high) / 2;
    if (chanceOfDead(middle) <= chance) low = middle;
    else high = middle;
  }
  return low;
}

/** Hops of a lookup in a ring of so many nodes whose routing tables have one contact in each cell, at least one: Pastry's (15/16) · log₁₆ N. */
export function expectedHops(nodes: number): number {
  return Math.max(1, ((digitValues - 1) / digitValues) * (ln(Math.max(1, nodes)) / ln(digitValues)));
}

/**
 * Periods of heartbeats and of table upkeep, as long as the target of lookups that meet a dead hop allows at the failure rate that
 * was seen (self-tuning of MSPastry: Castro, Costa and Rowstron 2004, section 4.1). The limits of the preset bound what they cost.
 */
export class Tuning {
  readonly failures: FailureRate = new FailureRate();
  readonly #config: OverlayConfig;
  /** Failures of the last hop that may be expected until they are detected. */
  readonly #leafFailures: number;

  constructor(config: OverlayConfig) {
    this.#config = config;
    this.#leafFailures = failuresFor(config.leafLossTarget);
  }

  /** Period in which a node tells the one that watches it that it lives. */
  heartbeatMs(nowMs: number, watched: number): number {
    const { heartbeatMsMin, heartbeatMsMax } = this.#config;
    const detectionMs = this.#leafFailures / this.failures.perMs(nowMs, watched);
    return Math.round(clamp(detectionMs - this.#verificationMs(), heartbeatMsMin, heartbeatMsMax));
  }

  /** Period in which each contact of the routing table should be confirmed; Infinity when no hop depends on it. */
  tableMs(nowMs: number, watched: number, nodes: number): number {
    const perMs = this.failures.perMs(nowMs, watched);
    const lastHop = chanceOfDead((this.heartbeatMs(nowMs, watched) + this.#verificationMs()) * perMs);
    const hopsBefore = expectedHops(nodes) - 1;
    const kept = (1 - this.#config.hopLossTarget) / (1 - lastHop);
    if (kept >= 1) return 0;
    if (hopsBefore === 0) return Number.POSITIVE_INFINITY;
    return failuresFor(-expm1(ln(kept) / hopsBefore)) / perMs;
  }

  /** From the first sign of a failure to the verdict. */
  #verificationMs(): number {
    return (this.#config.probeTries + 1) * this.#config.rtoMsMin;
  }
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
