import { numberFlag, parseFlags, textFlag, UsageError } from '../lib/flags.ts';

export const sections = ['start', 'small', 'bulk', 'memory', 'network', 'processor'] as const;
export type Section = (typeof sections)[number];

export interface BenchOptions {
  readonly only: readonly Section[];
  /** Fewer and shorter runs: to see whether it works, not for figures. */
  readonly quick: boolean;
  /** Nodes of the large network. */
  readonly peers: number;
  readonly json: string | undefined;
  readonly logLevel: string;
  readonly keep: boolean;
}

export const benchHelp = `Usage: npm run bench -- [options]

Measures real daemons in processes of their own on 127.0.0.1 and prints a table.

  --only <sections>      of these, separated by commas (all of them):
                           start    time to "Daemon is ready", memory of a daemon that idles alone
                           small    get of 10 KiB from a node that does not hold it
                           bulk     put and get of 100 MB in a network of 5, r = 3
                           memory   the most memory of each daemon during a put and a get of 1 GiB
                           network  a settled network: CPU and memory when idle, time to join
                           processor  processor time of a start, a join, a put, a get, in a network of that size
  --peers <n>            nodes of the networks of the last two (50)
  --quick                fewer and shorter runs
  --json <file>          write the result there
  --log-level <level>    of the daemons (warn)
  --keep                 leave the daemons' paths and logs behind

Example: npm run bench -- --only start,small --json bench.json`;

/** Throws a `UsageError`; undefined when help was asked for. */
export function parseBenchOptions(args: readonly string[]): BenchOptions | undefined {
  const values = parseFlags(args, {
    only: { type: 'string' },
    quick: { type: 'boolean' },
    peers: { type: 'string' },
    json: { type: 'string' },
    'log-level': { type: 'string' },
    keep: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help === true) return undefined;
  return {
    only: parseSections(textFlag(values, 'only')),
    quick: values.quick === true,
    peers: numberFlag(values, 'peers', 50, { min: 2 }),
    json: textFlag(values, 'json'),
    logLevel: textFlag(values, 'log-level') ?? 'warn',
    keep: values.keep === true,
  };
}

function parseSections(text: string | undefined): readonly Section[] {
  if (text === undefined) return sections;
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !sections.includes(name as Section));
  if (wrong !== undefined) throw new UsageError(`--only ${wrong}: expected some of ${sections.join(', ')}`);
  return sections.filter((section) => names.includes(section));
}
