import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { SeededRandom } from '@dht/overlay';
import { pick, uniform } from '../engine/distributions.ts';
import { reportText } from '../run/report-text.ts';
import { simulate } from '../run/simulate.ts';
import { scenarios } from '../scenarios/index.ts';
import { slowLines } from '../scenarios/network-faults.ts';
import { random } from '../scenarios/random.ts';
import type { Scenario } from '../scenarios/scenario.ts';

const usage = `Usage: npm run sim:soak -- [options]

Plays random scenarios with random seeds and sizes until a demand is violated or the time is up.

  --minutes N   of real time (30)
  --rounds N    so many runs at most
  --seed N      what is drawn comes from it (a fresh one, which is printed)

Exit code: 0 when nothing was found, 1 when a demand is violated, 2 for options that make no sense.
`;

const minute = 60_000;
const seedMax = 2 ** 31;
/** Half of the runs are of the scenario that draws its own faults. */
const randomShare = 0.5;
/** As many nodes as are played with in the fixed runs, or up to twice as many. */
const growthMax = 2;
/** Not: the one that plays for long, and what does not hold yet. */
const others: readonly Scenario[] = scenarios.filter(
  (scenario) => scenario.name !== 'steady' && scenario !== random && scenario !== slowLines,
);

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rounds: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

process.exitCode = main();

function main(): number {
  const seed = Number(values.seed ?? randomInt(seedMax));
  const [minutes, rounds] = [Number(values.minutes), Number(values.rounds ?? Number.POSITIVE_INFINITY)];
  if (values.help || !Number.isSafeInteger(seed) || !(minutes > 0) || !(rounds > 0)) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  process.stdout.write(`soak with --seed ${seed}\n`);
  const source = new SeededRandom(seed);
  const end = performance.now() + minutes * minute;
  for (let round = 1; round <= rounds && performance.now() < end; round++) if (!plays(source)) return 1;
  return 0;
}

/** Draws a run and plays it: whether all demands held. */
function plays(source: SeededRandom): boolean {
  const scenario = source.next() < randomShare ? random : (pick(source, others) ?? random);
  const seed = source.nextUint32() % seedMax;
  const nodes = Math.round(scenario.nodes * uniform(source, 1, growthMax));
  const command = `npm run sim -- --scenario ${scenario.name} --seed ${seed} --nodes ${nodes}`;
  const report = simulate({ scenario, seed, nodes });
  const holds = report.violationsTotal === 0;
  process.stdout.write(holds ? `${command}: no violation\n` : reportText(report, command));
  return holds;
}
