import { numberFlag, parseFlags, textFlag, UsageError } from '../lib/flags.ts';

export interface ChurnOptions {
  readonly peers: number;
  readonly minutes: number;
  /** Median session time in seconds. */
  readonly sessionMedianS: number;
  /** Files stored before the churn begins; the clients store more. */
  readonly files: number;
  readonly seed: number;
  /** Replace every original node, the first included, by a fresh one. */
  readonly turnover: boolean;
  /** Instead of churn: kill half of the nodes at the same instant. */
  readonly killHalf: boolean;
  /** r of the network; w is a majority of it. */
  readonly replicas: number;
  readonly json: string | undefined;
  readonly logLevel: string;
  /** Leave paths and logs behind. */
  readonly keep: boolean;
}

export const churnHelp = `Usage: npm run churn -- [options]

Starts real daemons on 127.0.0.1, stores files, keeps killing and starting nodes while clients put and get, and then
looks for every file. Exit code 0 only when none was lost and no byte was wrong.

  --peers <n>            nodes (50)
  --minutes <m>          how long the churn lasts (3)
  --session-median <s>   median seconds until something happens to a node (120)
  --turnover             replace every original node, the first included, by a fresh one within that time
  --kill-half            no churn: kill half of the nodes at the same instant, then start them again
  --replicas <r>         copies of every block (3)
  --files <n>            files stored before it begins (40), 1 KiB to 8 MiB, and a folder
  --seed <n>             of the random choices (1)
  --json <file>          write the result there
  --log-level <level>    of the daemons (info)
  --keep                 leave the daemons' paths and logs behind

Example: npm run churn -- --peers 50 --minutes 3 --turnover --json churn.json`;

/** Throws a `UsageError`; undefined when help was asked for. */
export function parseChurnOptions(args: readonly string[]): ChurnOptions | undefined {
  const values = parseFlags(args, {
    peers: { type: 'string' },
    minutes: { type: 'string' },
    'session-median': { type: 'string' },
    turnover: { type: 'boolean' },
    'kill-half': { type: 'boolean' },
    replicas: { type: 'string' },
    files: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'string' },
    'log-level': { type: 'string' },
    keep: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help === true) return undefined;
  if (values.turnover === true && values['kill-half'] === true) throw new UsageError('--turnover and --kill-half are two different runs');
  return {
    peers: numberFlag(values, 'peers', 50, { min: 2 }),
    minutes: numberFlag(values, 'minutes', 3, { min: 0.1, integer: false }),
    sessionMedianS: numberFlag(values, 'session-median', 120, { min: 1, integer: false }),
    files: numberFlag(values, 'files', 40, { min: 1 }),
    seed: numberFlag(values, 'seed', 1, { min: 0 }),
    turnover: values.turnover === true,
    killHalf: values['kill-half'] === true,
    replicas: numberFlag(values, 'replicas', 3, { min: 1 }),
    json: textFlag(values, 'json'),
    logLevel: textFlag(values, 'log-level') ?? 'info',
    keep: values.keep === true,
  };
}
