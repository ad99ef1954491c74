import { readFileSync, writeFileSync } from 'node:fs';
import { presets } from '@dht/overlay';
import type { Violation } from '../checkers/violations.ts';
import { churnPlans, lightChurn } from '../churn/churn-plan.ts';
import { interact } from '../journal/interact.ts';
import { recordJournal } from '../journal/journal-recorder.ts';
import { JournalStepper } from '../journal/journal-stepper.ts';
import { replayJournal } from '../journal/replay.ts';
import { StepperSession } from '../journal/session.ts';
import { StepRecorder } from '../journal/step-recorder.ts';
import { liveHeapBytes, peakRssBytes } from '../measuring/heap.ts';
import { throughCodec } from '../network/codec.ts';
import { topologies } from '../network/topology.ts';
import type { Report } from '../run/report.ts';
import { reportText } from '../run/report-text.ts';
import { type SimulateOptions, simulate } from '../run/simulate.ts';
import { scenarios } from '../scenarios/index.ts';
import { worldOf } from '../scenarios/scenario.ts';
import type { World } from '../world/world.ts';
import { parseCommandLine, reproduce, type SimCommand, UsageError, usage } from './command-line.ts';

const exitCode = { ok: 0, violation: 1, usage: 2 } as const;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(parseCommandLine(args));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\nSee npm run sim -- --help\n`);
    return exitCode.usage;
  }
}

async function run(command: SimCommand): Promise<number> {
  if (command.help) return print(usage);
  if (command.list) return print(scenarios.map(({ name, about, nodes }) => `${name.padEnd(16)}${about} (${nodes} nodes)\n`).join(''));
  if (command.replay !== undefined) return replay(command.replay);
  return playSeeds(command);
}

function playSeeds(command: SimCommand): number {
  const reports: Report[] = [];
  for (let seed = command.seed; seed < command.seed + command.seeds; seed++) {
    const report = play(command, seed);
    reports.push(report);
    const text =
      command.seeds === 1 || report.violationsTotal > 0 ? reportText(report, reproduce(command, seed)) : `seed ${seed}: no violation\n`;
    if (command.json !== '-') print(text);
    if (command.steps !== undefined) printSteps(command, command.steps, report);
  }
  writeJson(command, reports);
  return reports.some(({ violationsTotal }) => violationsTotal > 0) ? exitCode.violation : exitCode.ok;
}

function play(command: SimCommand, seed: number): Report {
  const heapBefore = liveHeapBytes();
  let world: World | undefined;
  const journal: string[] = [];
  let noteViolation: ((violation: Violation) => void) | undefined;
  const report = simulate({
    ...simulateOptions(command, seed),
    onWorld: (made) => {
      world = made;
      if (command.journal !== undefined) noteViolation = recordJournal(made, command.journal.host, journal);
    },
    onViolation: (violation) => noteViolation?.(violation),
  });
  if (command.journal !== undefined) writeFileSync(command.journal.file, `${journal.join('\n')}\n`);
  const hosts = world?.hosts.length ?? 1;
  return { ...report, heapBytesPerNode: Math.max(0, liveHeapBytes() - heapBefore) / hosts, peakRssBytes: peakRssBytes() };
}

/** The same run again, with an eye on those whom its first violation concerns. */
function printSteps(command: SimCommand, stepsMax: number, { seed, violations: [first] }: Report): void {
  if (first === undefined) return;
  const recorder = new StepRecorder(
    first.hosts.map(({ index }) => index),
    first.atMs,
    stepsMax,
  );
  simulate({ ...simulateOptions(command, seed), onWorld: (world) => recorder.attach(world) });
  print(`\nsteps before ${first.checker} at ${(first.atMs / 1000).toFixed(3)} s\n\n${recorder.text()}\n`);
}

function simulateOptions(command: SimCommand, seed: number): SimulateOptions {
  const own = worldOf(command.scenario, seed);
  const churn = command.churn === undefined ? lightChurn : churnPlans[command.churn]();
  return {
    scenario: command.scenario,
    seed,
    built: command.built,
    openEnd: command.openEnd,
    ...(command.nodes !== undefined && { nodes: command.nodes }),
    ...(command.minutes !== undefined && { minutes: command.minutes }),
    ...(churn !== undefined && { churn }),
    world: {
      ...(command.topology !== undefined && { topology: topologies[command.topology] }),
      ...(command.preset !== undefined && { overlay: presets[command.preset] }),
      ...(command.loss !== undefined && { faults: { ...own.faults, lossRate: command.loss } }),
      ...(command.codec && { network: { ...own.network, roundTrip: throughCodec } }),
    },
  };
}

function writeJson({ json }: SimCommand, reports: readonly Report[]): void {
  if (json === undefined) return;
  const text = reports.map((report) => `${JSON.stringify(report)}\n`).join('');
  if (json === '-') print(text);
  else writeFileSync(json, text);
}

/** For a person at a terminal step by step, otherwise as a whole. */
async function replay(file: string): Promise<number> {
  const stepper = openJournal(file);
  if (!process.stdin.isTTY || !process.stdout.isTTY) return compare(stepper);
  await interact(new StepperSession(stepper), { input: process.stdin, output: process.stdout });
  return exitCode.ok;
}

function compare(stepper: JournalStepper): number {
  const outcome = replayJournal(stepper);
  if (outcome.divergence === undefined) return print(`${outcome.steps} steps, all answered as recorded\n`);
  const { step, recorded, replayed } = outcome.divergence;
  print(`step ${step} of ${outcome.steps} is answered otherwise\n  recorded  ${recorded}\n  replayed  ${replayed}\n`);
  return exitCode.violation;
}

function openJournal(file: string): JournalStepper {
  try {
    return new JournalStepper(readFileSync(file, 'utf8').split('\n'));
  } catch (error) {
    throw new UsageError(`cannot read the journal ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return exitCode.ok;
}
