import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from '../lib/fleet.ts';
import type { BenchContext } from './bench-context.ts';
import { type Measurement, measurement } from './measurement.ts';

const mebibyte = 2 ** 20;
const settleTimeoutMs = 60_000;
/** Until what a join leaves to be done later (the second plane starts a minute after activation) is done. */
const calmMs = 120_000;
const observedMs = 90_000;

/** A network as large as the churn test's: how long it takes to come up, what it needs when nothing happens, how long a join takes. */
export async function benchNetwork({ options, note, withNetwork }: BenchContext): Promise<readonly Measurement[]> {
  const { peers, quick } = options;
  note(`network: ${peers} daemons`);
  const startMs = performance.now();
  return withNetwork('network', peers, async (fleet) => {
    const formedS = (performance.now() - startMs) / 1000;
    note(`network: one ring after ${formedS.toFixed(1)} s; now it is left alone`);
    await sleep(quick ? 5000 : calmMs);
    const idle = await observeIdle(fleet, quick ? 10_000 : observedMs);
    note('network: joins');
    const joins = await observeJoins(fleet, quick ? 3 : 15);
    return [
      measurement(`${peers} daemons from nothing to one ring`, 's', [formedS], { atMost: 25 }),
      measurement(`idle CPU of a daemon among ${peers}`, '% of a core', idle.cpuPercent, { atMost: 1 }),
      measurement(`idle RSS of a daemon among ${peers}`, 'MiB', idle.rssMiB, { atMost: 100 }),
      measurement(`join into ${peers} nodes, from the first dial`, 'ms', joins.joinMs, { atMost: 1000 }),
      measurement(`join into ${peers} nodes, from the start of the process`, 'ms', joins.startToActiveMs),
    ];
  });
}

async function observeIdle(
  fleet: Fleet,
  ms: number,
): Promise<{ readonly cpuPercent: readonly number[]; readonly rssMiB: readonly number[] }> {
  fleet.sample();
  const before = fleet.processes.map((daemon) => daemon.cpuSeconds);
  const startMs = performance.now();
  await sleep(ms);
  fleet.sample();
  const seconds = (performance.now() - startMs) / 1000;
  return {
    cpuPercent: fleet.processes.map((daemon, index) => ((daemon.cpuSeconds - (before[index] ?? 0)) / seconds) * 100),
    rssMiB: fleet.processes.map((daemon) => daemon.memory.rssBytes / mebibyte),
  };
}

/** One fresh node after another, each into a ring that is exact and has as many nodes as the first found. */
async function observeJoins(
  fleet: Fleet,
  count: number,
): Promise<{ readonly joinMs: readonly number[]; readonly startToActiveMs: readonly number[] }> {
  const joinMs: number[] = [];
  const startToActiveMs: number[] = [];
  for (let run = 0; run < count; run++) {
    const { peer, status } = await fleet.startFresh();
    if (status.joinMs !== undefined) joinMs.push(status.joinMs);
    startToActiveMs.push((peer.process?.readyAtMs ?? Number.NaN) - (peer.process?.spawnedAtMs ?? 0));
    await fleet.untilRingExact(settleTimeoutMs);
    await peer.leave(settleTimeoutMs);
    await fleet.untilRingExact(settleTimeoutMs);
  }
  return { joinMs, startToActiveMs };
}
