import { journalLine, journalVersion } from '@dht/storage';
import type { World } from './world.ts';

/** Writes the journal of the process that runs on host `index` last: a restart begins it anew. */
export function recordJournal(world: World, index: number, lines: string[]): void {
  world.onHostStarted = (host, init, seed) => {
    if (host.index !== index) return;
    const { self, storeId, previouslyActive, remembered, config, storage } = init;
    lines.length = 0;
    lines.push(journalLine({ journal: journalVersion, seed, self, storeId, previouslyActive, remembered, config, storage }));
    host.recorder = (now, input, outputs) => lines.push(journalLine({ now, input, outputs }));
  };
}
