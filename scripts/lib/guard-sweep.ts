import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export const markVariable = 'DHT_SCRIPT_RUN';

/** A process between fork and exec still shows the environment of its parent; two empty looks this far apart have seen past it. */
const pauseMs = 100;
const passesMax = 100;

/** Kills every process whose environment carries the mark, and those that appear meanwhile. Gives how many it killed. */
export async function killMarked(mark: string): Promise<number> {
  const killed = new Set<number>();
  let empty = 0;
  for (let pass = 0; pass < passesMax && empty < 2; pass++) {
    const found = markedProcesses(mark);
    for (const pid of found) {
      killed.add(pid);
      killQuietly(pid);
    }
    empty = found.length === 0 ? empty + 1 : 0;
    if (empty < 2) await sleep(pauseMs);
  }
  return killed.size;
}

/** Ids of the processes whose environment carries the mark. */
export function markedProcesses(mark: string): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => environmentOf(pid).includes(`${markVariable}=${mark}`));
}

/** Entries `NAME=value`; none when the process is gone, has ended without being waited for, or belongs to someone else. */
function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}
