import { type ProcessChurnSetting, playProcessChurn } from '../process-churn/play.ts';
import type { ChurnResult } from './churn-result.ts';

/** As short as it gets: what forms the network is all that counts. */
const nothingElse = { kind: 'churn', minutes: 0.01, files: 1 } as const;

/**
 * How fast the machine was at the time of the real test: 1 when like the one on which the simulator's costs were measured. By the
 * processor time that the same daemons took to form the network, which is over before what is compared begins. A machine that others
 * use as well has another speed an hour later.
 */
export function machineSpeed(real: ChurnResult, setting: ProcessChurnSetting): number {
  if (real.formedCpuSeconds === undefined) return 1;
  return playProcessChurn({ ...setting, ...nothingElse }).formedCpuSeconds / real.formedCpuSeconds;
}
