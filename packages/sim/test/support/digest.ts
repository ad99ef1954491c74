import { createHash } from 'node:crypto';
import { recordJournal } from '../../src/journal/journal-recorder.ts';
import { simulate } from '../../src/run/simulate.ts';
import { findScenario } from '../../src/scenarios/index.ts';

const recorded = 2;

/** What a run did as a whole, and everything that one of its nodes was told and answered. */
export function digest(name: string, seed: number): string {
  const scenario = findScenario(name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const journal: string[] = [];
  const { fingerprint, events } = simulate({ scenario, seed, onWorld: (world) => recordJournal(world, recorded, journal) });
  return `${name} ${seed} ${events} ${fingerprint} ${createHash('sha256').update(journal.join('\n')).digest('hex')}`;
}
