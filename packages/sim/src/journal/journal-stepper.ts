import { SeededRandom } from '@dht/overlay';
import {
  Core,
  type JournalEntry,
  type JournalHeader,
  journalLine,
  parseJournalEntry,
  parseJournalHeader,
  parseJournalViolation,
} from '@dht/storage';

/** A step that a fresh core has taken. */
export interface Step extends JournalEntry {
  /** From 1 on. */
  readonly number: number;
  /** The line of the journal. */
  readonly recorded: string;
  /** What the core answered, as a line; absent when it is what was recorded. A core that throws says so. */
  readonly otherwise?: string;
  /** What somebody who watched found wrong after this step. */
  readonly violations: readonly string[];
}

/**
 * Gives a journal to a fresh core, step by step. It can go back, too: then another fresh core takes the steps up to there, which seed and
 * inputs make the same.
 */
export class JournalStepper {
  readonly header: JournalHeader;
  private readonly entries: readonly string[];
  /** What was found wrong, by the number of the step before. */
  private readonly violations: ReadonlyMap<number, readonly string[]>;
  private machine: Core;
  private last: Step | undefined;
  private taken = 0;

  constructor(lines: readonly string[]) {
    const [first = '', ...rest] = whole(lines);
    this.header = parseJournalHeader(first);
    const entries: string[] = [];
    const violations = new Map<number, string[]>();
    for (const line of rest) {
      const found = parseJournalViolation(line);
      if (found === undefined) entries.push(line);
      else violations.set(entries.length, [...(violations.get(entries.length) ?? []), found.violation]);
    }
    this.entries = entries;
    this.violations = violations;
    this.machine = this.freshCore();
  }

  /** Steps in the journal. */
  get length(): number {
    return this.entries.length;
  }

  /** Steps taken. */
  get position(): number {
    return this.taken;
  }

  /** As the step taken last has left it. */
  get core(): Core {
    return this.machine;
  }

  /** The step taken last. */
  get current(): Step | undefined {
    return this.last;
  }

  /** The time of the first step in monotone milliseconds of the node. */
  get startMs(): number {
    const [first] = this.entries;
    return first === undefined ? 0 : parseJournalEntry(first).now.monoMs;
  }

  /** Takes the next step; undefined when there is none. */
  forward(): Step | undefined {
    const recorded = this.entries[this.taken];
    if (recorded === undefined) return undefined;
    this.taken++;
    const entry = parseJournalEntry(recorded);
    const replayed = this.answer(entry);
    const violations = this.violations.get(this.taken) ?? [];
    this.last = { ...entry, number: this.taken, recorded, violations, ...(replayed !== recorded && { otherwise: replayed }) };
    return this.last;
  }

  /** So many steps are taken then; 0 is the start, and what is beyond the end is the end. */
  goTo(position: number): void {
    if (position < this.taken) {
      this.machine = this.freshCore();
      this.taken = 0;
      this.last = undefined;
    }
    while (this.taken < position && this.forward() !== undefined);
  }

  private answer({ now, input }: JournalEntry): string {
    try {
      return journalLine({ now, input, outputs: this.machine.step(input, now) });
    } catch (error) {
      return `throws ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  private freshCore(): Core {
    const { seed, ...init } = this.header;
    return new Core({ ...init, random: new SeededRandom(seed) });
  }
}

/** Without the last line when it was cut off: whoever wrote it may have been killed. */
function whole(lines: readonly string[]): readonly string[] {
  const written = lines.filter((line) => line.length > 0);
  return isWhole(written.at(-1) ?? '') ? written : written.slice(0, -1);
}

function isWhole(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
