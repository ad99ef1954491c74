import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { UsageError } from '../cli/command-line.ts';
import { cpuMsSince } from '../measuring/processor-time.ts';
import { playProcessChurn } from '../process-churn/play.ts';
import { type ChurnResult, ofOneSetting, parseChurnResult, settingOf } from './churn-result.ts';
import { compare } from './comparison.ts';
import { exampleOfViolation, type FailingRun, Pictures, playWithPictures } from './failing-run.ts';
import { machineSpeed } from './machine-speed.ts';
import { type Measured, measure, type Setting } from './measure.ts';
import { parseReportOptions, type ReportOptions, reportUsage } from './options.ts';
import { type Comparison, type PageData, renderPage } from './page.ts';
import { makePlan } from './plan.ts';
import { measureSpeed } from './speed.ts';

/** Of each churn test, or as many as there are real ones: one alone says little. */
const simulatedRunsMin = 15;
const exitCode = { ok: 0, usage: 2 } as const;

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  try {
    return run(parseReportOptions(args));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\nSee npm run sim:report -- --help\n`);
    return exitCode.usage;
  }
}

function run(options: ReportOptions): number {
  if (options.help) {
    process.stdout.write(reportUsage);
    return exitCode.ok;
  }
  const data = collect(options);
  writeFileSync(options.out, renderPage(data));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(data)}\n`);
  process.stdout.write(`${options.out}\n`);
  return exitCode.ok;
}

function collect(options: ReportOptions): PageData {
  const cpuBefore = process.cpuUsage();
  const reals = options.churn.map(readChurnResult);
  const plan = makePlan(options.seed, options.isQuick);
  const measured = { bySession: measureAll(plan.bySession), bySize: measureAll(plan.bySize), byPeriod: measureAll(plan.byPeriod) };
  const speeds = plan.bySize.map((setting) => {
    progress(`${setting.name}: ${setting.nodes} nodes, speed of the simulator`);
    return measureSpeed(setting, plan.stretchEvents);
  });
  const compared = ofOneSetting(reals).map(compareWith);
  const failingRuns = [...compared.flatMap(({ failing }) => failing), ...pictured(options)];
  if (failingRuns.every(({ pictures }) => pictures.length === 0)) failingRuns.push(exampleOfViolation(options.seed));
  const comparisons = compared.map(({ comparison }) => comparison);
  return {
    ...{ command: commandOf(options), seed: options.seed, machine: machineName(), cpuSeconds: cpuMsSince(cpuBefore) / 1000 },
    ...measured,
    ...{ speeds, comparisons, failingRuns },
  };
}

function measureAll(settings: readonly Setting[]): Measured[] {
  return settings.map((setting) => {
    progress(`${setting.name}: ${setting.nodes} nodes, mean session ${setting.sessionMinutes} min`);
    return measure(setting);
  });
}

/** The same test simulated, from several seeds and on a machine as fast as each of the real ones; with pictures of a run that violates a demand. */
function compareWith(reals: readonly ChurnResult[]): { readonly comparison: Comparison; readonly failing: readonly FailingRun[] } {
  const settings = reals.map((real) => ({ ...settingOf(real), speed: machineSpeed(real, settingOf(real)) }));
  const played = Array.from({ length: Math.max(simulatedRunsMin, reals.length) }, (_, index) => {
    const setting = settings[index % settings.length] as (typeof settings)[number];
    const seed = setting.seed + index;
    progress(`the churn test of ${setting.peers} processes, simulated, seed ${seed}`);
    const pictures = new Pictures();
    return { figures: playProcessChurn({ ...setting, seed }, pictures.onViolation), pictures: pictures.list };
  });
  const runs = played.map(({ figures }) => figures);
  const failing = played.filter(({ figures }) => figures.run.violationsTotal > 0);
  const about = 'The churn test of real processes, simulated';
  const speeds = settings.map(({ speed }) => speed);
  return {
    comparison: { reals, speeds, simulated: runs.map(({ run }) => run), values: compare(reals, runs) },
    failing: failing.map(({ figures, pictures }) => ({ about, isExample: false, report: figures.run, pictures })),
  };
}

/** The runs whose pictures were asked for. */
function pictured({ pictures }: ReportOptions): FailingRun[] {
  return pictures.map(({ scenario, seed }) => {
    progress(`${scenario.name}, seed ${seed}`);
    return playWithPictures(scenario, seed);
  });
}

function readChurnResult(file: string): ChurnResult {
  const result = parseChurnResult(read(file));
  if (result === undefined) throw new UsageError(`${file} is not what npm run churn -- --json writes`);
  return result;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The command that makes the same page again. */
function commandOf({ isQuick, seed, churn, pictures }: ReportOptions): string {
  const words = ['npm run sim:report --', ...(isQuick ? ['--quick'] : []), `--seed ${seed}`];
  const files = churn.map((file) => `--churn ${file}`);
  return [...words, ...files, ...pictures.map(({ scenario, seed: own }) => `--picture ${scenario.name}:${own}`)].join(' ');
}

function machineName(): string {
  const all = cpus();
  return `${all[0]?.model.trim() ?? 'an unknown processor'}, ${all.length} cores, Node.js ${process.version}`;
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
