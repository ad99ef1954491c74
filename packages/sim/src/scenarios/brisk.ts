import type { OverlayConfig } from '@dht/overlay';
import type { StorageConfig } from '@dht/storage';
import { topologies } from '../network/topology.ts';
import type { WorldOptions } from '../world/world.ts';

const second = 1000;

const overlay: Partial<OverlayConfig> = {
  leafSetExchangeMs: 10 * second,
  leafSetExchangeMsMax: 10 * second,
  mergeMs: 15 * second,
  slowProbeMs: 10 * second,
  slowProbeMsMax: 10 * second,
};
const storage: Partial<StorageConfig> = { repairPeriodMs: 10 * second, reReplicateMs: 20 * second };

/** Slow clocks of the protocol run faster, so that a short run sees what takes a long one otherwise. */
export const brisk: Omit<WorldOptions, 'seed'> = { overlay, storage, topology: topologies.internet };
