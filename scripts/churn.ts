// The local churn test: real daemons that come and go while clients put and get. `npm run churn -- --help` says more.
import { writeFile } from 'node:fs/promises';
import { type ChurnOptions, churnHelp, parseChurnOptions } from './churn/options.ts';
import { type ChurnReport, renderReport } from './churn/report.ts';
import { ChurnRun } from './churn/run.ts';
import { type ProgramContext, runProgram } from './lib/program.ts';

await runProgram({ name: 'churn', help: churnHelp, parse: parseChurnOptions, run });

async function run(options: ChurnOptions, { guard, signal }: ProgramContext): Promise<number> {
  const report = await new ChurnRun(options, guard, signal).report();
  console.log(renderReport(report));
  for (const problem of report.problems) console.log(`problem: ${problem}`);
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
  else console.log(JSON.stringify(report));
  return isGood(report) ? 0 : 1;
}

function isGood(report: ChurnReport): boolean {
  return report.filesLost === 0 && report.wrongBytes === 0 && report.problems.length === 0;
}
