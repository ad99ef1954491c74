const periodMs = 10_000;
const nodesPerPeriod = 1_000;
const factorMax = 6;

/**
 * Virtual milliseconds between two looks at the state of all nodes. Beyond a thousand nodes it takes so long to look at each that it is
 * done less often, so that the looking stays a small part of a run.
 */
export function lookPeriodMs(nodes: number): number {
  return periodMs * Math.min(factorMax, Math.max(1, nodes / nodesPerPeriod));
}
