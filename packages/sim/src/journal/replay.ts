import type { JournalStepper } from './journal-stepper.ts';

export interface ReplayOutcome {
  /** Steps in the journal. */
  readonly steps: number;
  /** The first step, counted from 1, that a fresh core answers otherwise. */
  readonly divergence?: { readonly step: number; readonly recorded: string; readonly replayed: string };
}

/** Takes the rest of a journal's steps and compares what the core answers. */
export function replayJournal(stepper: JournalStepper): ReplayOutcome {
  for (let step = stepper.forward(); step !== undefined; step = stepper.forward()) {
    const { number, recorded, otherwise } = step;
    if (otherwise !== undefined) return { steps: stepper.length, divergence: { step: number, recorded, replayed: otherwise } };
  }
  return { steps: stepper.length };
}
