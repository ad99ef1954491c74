import { expect, test, vi } from 'vitest';
import { runExperiment } from '../src/experiments/experiment.ts';
import { experiments, findExperiment } from '../src/experiments/index.ts';
import { common, proportion, rare } from '../src/experiments/proportion.ts';
import { runTrial } from '../src/experiments/trial.ts';

vi.setConfig({ testTimeout: 60_000 });

const scale = 0.01;

test.each(['hops-small', 'non-transitive', 'half-fails', 'partition-heals', 'mass-join', 'cold-start', 'pauses'])(
  '%s runs at a small scale, twice alike',
  (name) => {
    const experiment = findExperiment(name);
    if (experiment === undefined) throw new Error(`no experiment ${name}`);
    const { cpuMs: _cpu, ...result } = runExperiment(experiment, { seed: 1, scale });
    expect(result.rows.length).toBeGreaterThan(0);
    expect(result.rows.filter(({ property }) => property.includes('lookups')).map(({ measured }) => measured)).not.toContain('NaN');
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    if (name !== 'cold-start') return;
    const { cpuMs: _again, ...same } = runExperiment(experiment, { seed: 1, scale });
    expect(same).toEqual(result);
  },
);

test('experiments have different names', () => {
  expect(new Set(experiments.map(({ name }) => name)).size).toBe(experiments.length);
});

test('a trial measures a network that was formed, and finds what was done to it', () => {
  const options = { seed: 2, nodes: 16, warmUpMinutes: 1, minutes: 2, lookupsPerNodeSecond: 0.5 };
  const sound = runTrial(options);
  expect(sound.lookups).toMatchObject({ wrong: 0, lost: 0 });
  expect(sound.lookups.ok).toBeGreaterThan(700);
  const cut = runTrial({ ...options, faults: { lossRate: 0.3 } });
  expect(cut.lookups.ms?.mean).toBeGreaterThan(1.5 * (sound.lookups.ms?.mean ?? 0));
});

test('a share that was never seen is bounded all the same', () => {
  expect(proportion(0, 400_000).high).toBeCloseTo(9.6e-6, 7);
  expect(rare(proportion(5, 430_000))).toBe('1.2e-5 (5 of 430,000; 95 %: 5.0e-6 to 2.7e-5)');
  expect(common(proportion(3996, 4000))).toContain('99.900 % (of 4,000; 95 %: 99.743');
});
