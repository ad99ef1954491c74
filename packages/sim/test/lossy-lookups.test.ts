import { presets } from '@dht/overlay';
import { expect, test } from 'vitest';
import { runTrial } from '../src/experiments/trial.ts';
import { topologies } from '../src/network/topology.ts';

test.each([1, 2])('where a tenth of all messages is lost, every lookup has its answer in time (seed %i)', (seed) => {
  const { lookups } = runTrial({
    seed,
    nodes: 60,
    topology: topologies['transit-stub'],
    overlay: presets.wan,
    faults: { lossRate: 0.1 },
    warmUpMinutes: 1,
    minutes: 2,
    lookupsPerNodeSecond: 2,
  });
  expect(lookups.ok).toBeGreaterThan(14_000);
  // With at most four tries within its ten seconds, 8 and 12 of these were lost.
  expect({ wrong: lookups.wrong, lost: lookups.lost }).toEqual({ wrong: 0, lost: 0 });
});
