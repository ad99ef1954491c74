import { setTimeout as delay } from 'node:timers/promises';
import { DhtError, exitCodes, systemCode } from '@dht/node';

/** A daemon that is told to stop has nothing to wait for but its last disk writes. */
const patienceMs = 30_000;
const pollMs = 20;

/** Waits until the process has ended. Throws 4 when it does not. */
export async function untilGone(pid: number, signal: AbortSignal): Promise<void> {
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pollMs) {
    if (!isAlive(pid)) return;
    await delay(pollMs, undefined, { signal });
  }
  throw new DhtError(exitCodes.timeout, `the daemon was told to stop, but its process ${pid} is still there after ${patienceMs / 1000} s`, {
    hint: `\`kill -9 ${pid}\` ends it; nothing that was acknowledged is lost by that.`,
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
