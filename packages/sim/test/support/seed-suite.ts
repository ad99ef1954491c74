import { expect, test } from 'vitest';
import { parseCommandLine, reproduce } from '../../src/cli/command-line.ts';
import { reportText } from '../../src/run/report-text.ts';
import { simulate } from '../../src/run/simulate.ts';
import type { Scenario } from '../../src/scenarios/scenario.ts';

/** Enough that a fault in a hundred runs is seen in most runs of the suite's scenarios together, and few enough to wait for. */
const seedsPerScenario = 20;
const readsMax = 300;
const minute = 60_000;

/** One test for each scenario, which plays it with many seeds and prints how to repeat the first that fails. */
export function seedSuite(scenarios: readonly Scenario[], seeds: number = seedsPerScenario): void {
  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', { timeout: 2 * minute }, (name, scenario) => {
    for (let seed = 1; seed <= seeds; seed++) {
      const report = simulate({ scenario, seed, readsMax });
      const command = reproduce(parseCommandLine(['--scenario', name]), seed);
      if (report.violationsTotal > 0) expect.fail(reportText(report, command));
    }
  });
}
