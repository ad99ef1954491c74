import { type ProcessChurnSetting, playProcessChurn } from '../process-churn/play.ts';
import type { ChurnResult } from './churn-result.ts';

/** As short as it gets: what forms the network is all that counts. */
const nothingElse = { kind: 'churn', minutes: 0.01, files: 1 } as const;

/**
 * How fast the machine was during the churn of the real test: 1 when like the one on which the simulator's costs were measured. By the
 * processor time that the same daemons took to form the network, which is over before what is compared begins, and by how much quicker
 * or slower the machine was after that than before. One that others use as well has another speed a minute later.
 */
export function machineSpeed(real: ChurnResult, setting: ProcessChurnSetting): number {
  const { formedCpuSeconds, formingPaceMs, churnPaceMs } = real;
  if (formedCpuSeconds === undefined) return 1;
  const change = formingPaceMs && churnPaceMs ? formingPaceMs / churnPaceMs : 1;
  return (change * playProcessChurn({ ...setting, ...nothingElse }).formedCpuSeconds) / formedCpuSeconds;
}
