import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchContext } from './bench-context.ts';
import { type Measurement, measurement } from './measurement.ts';

const mebibyte = 2 ** 20;
/** Until whatever a start leaves to be done later is done. */
const idleMs = 10_000;

/** How long a daemon takes from the start of its process until it serves, and what it needs when it idles alone. */
export async function benchStart({ options, note, withNetwork }: BenchContext): Promise<readonly Measurement[]> {
  const runs = options.quick ? 3 : 15;
  const startMs: number[] = [];
  const rssMiB: number[] = [];
  note(`start: ${runs} daemons, one after another`);
  for (let run = 0; run < runs; run++) {
    const idle = run === runs - 1;
    await withNetwork(`start-${run}`, 1, async (fleet) => {
      const [daemon] = fleet.processes;
      startMs.push((daemon?.readyAtMs ?? Number.NaN) - (daemon?.spawnedAtMs ?? 0));
      if (!idle) return;
      await sleep(options.quick ? 1000 : idleMs);
      daemon?.sample();
      rssMiB.push((daemon?.memory.rssBytes ?? Number.NaN) / mebibyte);
    });
  }
  return [
    measurement('start of the process to Daemon is ready', 'ms', startMs, { atMost: 400 }),
    measurement('RSS of a daemon alone, idle', 'MiB', rssMiB, { atMost: 100 }),
  ];
}
