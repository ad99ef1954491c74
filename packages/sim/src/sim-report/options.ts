import { parseArgs } from 'node:util';
import { UsageError } from '../cli/command-line.ts';
import { findScenario, scenarios } from '../scenarios/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';

export interface ReportOptions {
  readonly isQuick: boolean;
  readonly seed: number;
  readonly out: string;
  readonly json: string | undefined;
  /** Files that `npm run churn -- --json FILE` wrote. */
  readonly churn: readonly string[];
  /** Runs to be pictured. */
  readonly pictures: readonly { readonly scenario: Scenario; readonly seed: number }[];
  readonly help: boolean;
}

export const reportUsage: string = `Usage: npm run sim:report -- [options]

Plays networks of different sizes under churn of different strength, and writes what was measured as one HTML page with plots.
The page needs no other file and no network.

  --out FILE                where the page goes (sim-report.html)
  --quick                   small networks and short times: seconds instead of minutes
  --seed N                  everything random comes from it (1)
  --churn FILE              a result of the churn test of real processes, to compare with the same test simulated; repeatable,
                            and of several of one setting the medians are compared
  --picture SCENARIO:SEED   draws the ring at the first violations of this run of npm run sim; repeatable
  --json FILE               writes everything that was measured as well
  --help                    this text

Exit code: 0, or 2 for options that make no sense.

Example: npm run churn -- --peers 50 --turnover --json churn.json && npm run sim:report -- --churn churn.json --out report.html
`;

const optionTypes = {
  out: { type: 'string', default: 'sim-report.html' },
  quick: { type: 'boolean', default: false },
  seed: { type: 'string', default: '1' },
  churn: { type: 'string', multiple: true },
  picture: { type: 'string', multiple: true },
  json: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Throws a `UsageError`. */
export function parseReportOptions(args: readonly string[]): ReportOptions {
  const { out, quick, seed, churn = [], picture = [], json, help } = parse(args);
  return { isQuick: quick, seed: seedOf(seed), out, json, churn, pictures: picture.map(pictureOf), help };
}

function parse(args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof optionTypes }>>['values'] {
  try {
    return parseArgs({ args: [...args], options: optionTypes, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function pictureOf(text: string): ReportOptions['pictures'][number] {
  const [name = '', seed = '1'] = text.split(':');
  const scenario = findScenario(name);
  if (scenario === undefined)
    throw new UsageError(`--picture ${text}: there is no scenario '${name}'; there are ${scenarios.map((each) => each.name).join(', ')}`);
  return { scenario, seed: seedOf(seed) };
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(seed) || seed < 0)
    throw new UsageError(`the seed ${text} is not a whole number from 0 up`);
  return seed;
}
