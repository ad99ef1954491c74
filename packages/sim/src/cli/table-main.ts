import { appendFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Result, runExperiment } from '../experiments/experiment.ts';
import { experiments, findExperiment } from '../experiments/index.ts';

const usage = `Usage: npm run sim:table -- [options]

Runs the experiments that show what the overlay is worth and prints their table as Markdown.

  --only NAME   this experiment; may be given several times (all)
  --seed N      the first seed (1)
  --seeds N     so many seeds of each (1)
  --scale X     of the nodes and the time of each, below 1 for a quick look (1)
  --json FILE   writes results with all their figures, one a line
  --list        names the experiments

Exit code: 0 when every row holds, 1 when one does not, 2 for options that make no sense.
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    scale: { type: 'string', default: '1' },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

process.exitCode = main();

function main(): number {
  if (values.help) return print(usage);
  if (values.list) return print(experiments.map(({ name, about }) => `${name.padEnd(18)}${about}\n`).join(''));
  const chosen = values.only?.map(findExperiment) ?? experiments;
  const numbers = [values.seed, values.seeds, values.scale].map(Number);
  if (chosen.some((experiment) => experiment === undefined) || numbers.some((value) => !(value >= 0))) {
    process.stderr.write(usage);
    return 2;
  }
  const [seed, seeds, scale] = numbers as [number, number, number];
  const results: Result[] = [];
  if (values.json !== undefined) writeFileSync(values.json, '');
  print('| property | setting | published | must reach | measured | seed | holds |\n|---|---|---|---|---|---|---|\n');
  for (const experiment of chosen) {
    for (let i = 0; i < seeds; i++) if (experiment !== undefined) results.push(play(experiment, seed + i, scale));
  }
  return results.every(({ rows }) => rows.every(({ holds }) => holds)) ? 0 : 1;
}

function play(experiment: (typeof experiments)[number], seed: number, scale: number): Result {
  const result = runExperiment(experiment, { seed, scale });
  for (const { property, setting, published, mustReach, measured, holds } of result.rows)
    print(`| ${[property, setting, published, mustReach, measured, seed, holds ? 'yes' : '**no**'].join(' | ')} |\n`);
  if (values.json !== undefined) appendFileSync(values.json, `${JSON.stringify(result)}\n`);
  process.stderr.write(`${experiment.name}, seed ${seed}: ${(result.cpuMs / 1000).toFixed(0)} s of processor time\n`);
  return result;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
