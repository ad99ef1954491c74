import { SeededRandom } from '@dht/overlay';
import { journalLine, parseJournalEntry, parseJournalHeader } from '@dht/storage';
import { type CoreFactory, realCore } from './node-core.ts';

export interface ReplayOutcome {
  /** Steps in the journal. */
  readonly steps: number;
  /** The first step, counted from 1, that a fresh core answers otherwise. */
  readonly divergence?: { readonly step: number; readonly recorded: string; readonly replayed: string };
}

/** Gives a journal to a fresh core and compares what it answers. */
export function replayJournal(lines: readonly string[], createCore: CoreFactory = realCore): ReplayOutcome {
  const [first = '', ...rest] = lines.filter((line) => line.length > 0);
  const { seed, ...init } = parseJournalHeader(first);
  const core = createCore({ ...init, random: new SeededRandom(seed) });
  for (const [index, recorded] of rest.entries()) {
    const { now, input } = parseJournalEntry(recorded);
    const replayed = journalLine({ now, input, outputs: core.step(input, now) });
    if (replayed !== recorded) return { steps: rest.length, divergence: { step: index + 1, recorded, replayed } };
  }
  return { steps: rest.length };
}
