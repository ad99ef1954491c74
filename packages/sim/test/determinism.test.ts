import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type JournalEntry, parseJournalEntry } from '@dht/storage';
import { expect, test, vi } from 'vitest';
import { recordJournal } from '../src/journal/journal-recorder.ts';
import { JournalStepper } from '../src/journal/journal-stepper.ts';
import { replayJournal } from '../src/journal/replay.ts';
import { throughCodec } from '../src/network/codec.ts';
import type { Report } from '../src/run/report.ts';
import { type SimulateOptions, simulate } from '../src/run/simulate.ts';
import { findScenario } from '../src/scenarios/index.ts';
import { digest } from './support/digest.ts';

vi.setConfig({ testTimeout: 60_000 });

function play(name: string, seed: number, options: Partial<SimulateOptions> = {}): Report {
  const scenario = findScenario(name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return simulate({ scenario, seed, ...options });
}

function isGrant({ input }: JournalEntry): boolean {
  return input.type === 'message' && input.message.type === 'joinGrant';
}

/** A report without what depends on the machine. */
function timeless({ elapsedMs: _elapsed, cpuMs: _cpu, eventsPerSecond: _rate, ...report }: Report): Partial<Report> {
  return report;
}

test('the same seed gives the same run, event for event and figure for figure', () => {
  const first = play('put-get-churn', 11);
  expect(timeless(play('put-get-churn', 11))).toEqual(timeless(first));
  expect(play('put-get-churn', 12).fingerprint).not.toBe(first.fingerprint);
});

test('a run does not depend on the process, nor on whether the engine compiles or interprets', () => {
  const names = ['join-storm', 'random', 'broadband'];
  const child = fileURLToPath(new URL('./support/digest.child.ts', import.meta.url));
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--no-opt', '--no-maglev', '--no-sparkplug', '--conditions=source', child, '7', ...names],
    { encoding: 'utf8' },
  );
  expect([stdout.trimEnd().split('\n'), stderr]).toEqual([names.map((name) => digest(name, 7)), '']);
});

test('what one part of a run draws does not shift what another one gets', () => {
  const quiet = play('join-storm', 3, { workload: { putsPerSecond: 0, getsPerSecond: 0, lookupsPerSecond: 0 } });
  const busy = play('join-storm', 3);
  expect(busy.fingerprint).not.toBe(quiet.fingerprint);
  expect(busy.hosts).toBe(quiet.hosts);
});

test('a journal of one node, given to a fresh core, is answered as it was', () => {
  const journal: string[] = [];
  play('put-get-churn', 5, { onWorld: (world) => recordJournal(world, 3, journal) });
  expect(journal.length).toBeGreaterThan(500);
  const outcome = replayJournal(new JournalStepper(journal));
  expect(outcome).toEqual({ steps: journal.length - 1 });
});

test('a journal with one input changed is answered otherwise, and the replay says where', () => {
  const journal: string[] = [];
  play('join-storm', 5, { onWorld: (world) => recordJournal(world, 3, journal) });
  const index = journal.findIndex((line, at) => at > 0 && isGrant(parseJournalEntry(line)));
  journal[index] = (journal[index] as string).replace(/"token":\d+/, '"token":999');
  expect(index).toBeGreaterThan(0);
  expect(replayJournal(new JournalStepper(journal)).divergence?.step).toBeGreaterThanOrEqual(index);
});

test('every message survives its bytes', () => {
  const report = play('put-get-churn', 4, { world: { network: { roundTrip: throughCodec } } });
  expect(report.violations).toEqual([]);
  expect(report.traffic.byType.length).toBeGreaterThan(20);
});
