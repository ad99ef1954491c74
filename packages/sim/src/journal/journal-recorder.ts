import { journalLine, journalVersion } from '@dht/storage';
import type { Violation } from '../checkers/violations.ts';
import type { World } from '../world/world.ts';

/**
 * Writes the journal of the process that runs on host `index` last: a restart begins it anew, but not when something was found wrong before.
 * What is found wrong is to be given to the function that comes back.
 */
export function recordJournal(world: World, index: number, lines: string[]): (violation: Violation) => void {
  let isViolated = false;
  world.onHostStarted = (host, init, seed) => {
    if (host.index !== index || isViolated) return;
    const { self, storeId, previouslyActive, remembered, config, storage } = init;
    lines.length = 0;
    lines.push(journalLine({ journal: journalVersion, seed, self, storeId, previouslyActive, remembered, config, storage }));
    host.recorder = (now, input, outputs) => lines.push(journalLine({ now, input, outputs }));
  };
  return ({ checker, atMs, message, hosts }) => {
    if (lines.length === 0) return;
    isViolated = true;
    const who = hosts.map((host) => ` #${host.index}`).join('');
    lines.push(journalLine({ violation: `${checker} at ${(atMs / 1000).toFixed(3)} s:${who} ${message}` }));
  };
}
