// Measures the daemon: see `npm run bench -- --help`.
import { writeFile } from 'node:fs/promises';
import { type BenchContext, benchContext } from './bench/bench-context.ts';
import { benchBulk } from './bench/bulk.ts';
import { isReached, type Measurement, renderMeasurements } from './bench/measurement.ts';
import { benchMemory } from './bench/memory.ts';
import { benchNetwork } from './bench/network.ts';
import { type BenchOptions, benchHelp, parseBenchOptions, type Section } from './bench/options.ts';
import { benchProcessor } from './bench/processor.ts';
import { benchSmall } from './bench/small.ts';
import { benchStart } from './bench/start.ts';
import { describeMachine, machine } from './lib/machine.ts';
import { type ProgramContext, runProgram } from './lib/program.ts';

const benchmarks: Readonly<Record<Section, (context: BenchContext) => Promise<readonly Measurement[]>>> = {
  start: benchStart,
  small: benchSmall,
  bulk: benchBulk,
  memory: benchMemory,
  network: benchNetwork,
  processor: benchProcessor,
};

await runProgram({ name: 'bench', help: benchHelp, parse: parseBenchOptions, run });

/** Exit code 1 when a goal was missed, so that a slower daemon is noticed. */
async function run(options: BenchOptions, program: ProgramContext): Promise<number> {
  const context = benchContext(options, program);
  const measurements: Measurement[] = [];
  for (const section of options.only) measurements.push(...(await benchmarks[section](context)));
  console.log(renderMeasurements(measurements));
  console.log(`\n${describeMachine(machine())}${options.quick ? '; quick run, no figures to quote' : ''}`);
  const result = { machine: machine(), quick: options.quick, measurements };
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(result, undefined, 2)}\n`);
  else console.log(JSON.stringify(result));
  return measurements.every((one) => isReached(one) !== false) ? 0 : 1;
}
