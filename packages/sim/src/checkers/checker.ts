import type { Host } from '../machine/host.ts';

/** Something that is not as it should be, and whom it concerns. */
export interface Problem {
  readonly message: string;
  readonly hosts: readonly Host[];
}

/** Looks at the state of the world between two events. */
export interface StateChecker {
  readonly name: string;
  /** The first few things that are wrong now; none when all is well. */
  problems(): readonly Problem[];
}

/** How many problems a state checker lists at most. */
export const problemsMax = 5;
