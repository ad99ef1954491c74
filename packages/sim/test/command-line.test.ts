import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { parseCommandLine, reproduce, UsageError } from '../src/cli/command-line.ts';

// Each run is a process of its own.
vi.setConfig({ testTimeout: 60_000 });

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

function sim(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--conditions=source', main, ...args], { encoding: 'utf8' });
}

test('options are understood', () => {
  const command = parseCommandLine(['--nodes', '1000', '--seed', '7', '--minutes', '0.5', '--churn', 'weibull-30', '--json', 'out']);
  expect(command).toMatchObject({ nodes: 1000, seed: 7, minutes: 0.5, churn: 'weibull-30', json: 'out' });
  expect(command.scenario.name).toBe('steady');
});

test.each([
  [['--nodes', 'x']],
  [['--nodes', '0']],
  [['--seed', '1.5']],
  [['--loss', '2']],
  [['--scenario', 'none-such']],
  [['--churn', 'none-such']],
  [['--none-such']],
  [['stray']],
])('%j is refused', (args) => {
  expect(() => parseCommandLine(args)).toThrow(UsageError);
});

test('the command that repeats a run gives the same options, with the seed in question', () => {
  const command = parseCommandLine([
    '--scenario',
    'loss',
    '--seed',
    '5',
    '--seeds',
    '10',
    '--nodes',
    '9',
    '--codec',
    '--open-end',
    '--loss',
    '0.1',
  ]);
  const again = reproduce(command, 8).split(' ').slice(4);
  expect(parseCommandLine(again)).toEqual({ ...command, seed: 8, seeds: 1 });
});

test('a run prints its report, writes it as JSON, records a journal and replays it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dht-sim-'));
  try {
    const [json, journal] = [join(folder, 'report.json'), join(folder, 'journal')];
    const run = sim('--scenario', 'join-storm', '--seed', '3', '--json', json, '--journal', journal, '--journal-node', '2');
    expect([run.status, run.stderr]).toEqual([0, '']);
    expect(run.stdout).toContain('no violation');
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ scenario: 'join-storm', seed: 3, violationsTotal: 0 });
    expect(sim('--replay', journal)).toMatchObject({ status: 0, stdout: expect.stringContaining('all answered as recorded') });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('with an open end a run stops with its minutes, and demands nothing of a network that is not whole yet', () => {
  const args = ['--scenario', 'half-dies', '--seed', '1', '--json', '-'];
  const [open, settled] = [sim(...args, '--open-end'), sim(...args)].map(({ status, stdout }) => ({ status, report: JSON.parse(stdout) }));
  expect(open).toMatchObject({ status: 0, report: { openEnd: true, violationsTotal: 0 } });
  expect(open?.report).not.toHaveProperty('settledMs');
  expect(settled?.report).toMatchObject({ openEnd: false, settledMs: expect.any(Number) });
  expect(open?.report.virtualMs).toBeLessThan(settled?.report.virtualMs);
});

test('bad options end with 2 and say where help is', () => {
  const run = sim('--scenario', 'none-such');
  expect(run.status).toBe(2);
  expect(run.stderr).toContain('--help');
});
