import { presets } from '@dht/overlay';
import { beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../src/cli/command-line.ts';
import { playProcessChurn } from '../src/process-churn/play.ts';
import { type ChurnResult, ofOneSetting, parseChurnResult, settingOf } from '../src/sim-report/churn-result.ts';
import { compare } from '../src/sim-report/comparison.ts';
import { exampleOfViolation } from '../src/sim-report/failing-run.ts';
import { machineSpeed } from '../src/sim-report/machine-speed.ts';
import { type Measured, measure, type Setting } from '../src/sim-report/measure.ts';
import { parseReportOptions } from '../src/sim-report/options.ts';
import { type PageData, renderPage } from '../src/sim-report/page.ts';
import { makePlan } from '../src/sim-report/plan.ts';
import { measureSpeed } from '../src/sim-report/speed.ts';

const small: Setting = {
  name: 'lan',
  nodes: 8,
  sessionMinutes: 2,
  warmUpMinutes: 0.5,
  minutes: 1,
  lookupsPerNodeSecond: 0.1,
  topology: 'lan',
  overlay: presets.lan,
  seed: 7,
};

/** What a churn test of eight processes on an idle machine might have measured. */
const churnResult: ChurnResult = {
  ...{ peers: 8, seed: 3, replicas: 3, seconds: 60, minutes: 0.2, sessionMedianS: 60, files: 4 },
  ...{ killed: 4, left: 1, paused: 1, joined: 3, returned: 2, turnover: 0 },
  ...{ getsOk: 400, getsFailed: 0, putsOk: 40, putsFailed: 0, repairBytes: 1e6, cpuSeconds: 30, ringExactMs: 400 },
  getMs: { p50: 4000, p99: 8000 },
  putMs: { p50: 9, p99: 2000 },
  joinMs: { p50: 20, p99: 0 },
  rejoinMs: { p50: 0, p99: 0 },
  machine: { cpu: 'some processor', cores: 2 },
};

describe('the page', () => {
  let data: PageData;
  let page: string;

  beforeAll(() => {
    const runs: Measured[] = [measure(small), measure({ ...small, name: 'wan', overlay: presets.wan })];
    const simulated = playProcessChurn(settingOf(churnResult));
    data = {
      ...{ command: 'npm run sim:report -- --seed 7', seed: 7, machine: 'a processor <of> ours', cpuSeconds: 1.5 },
      ...{ bySession: runs, bySize: runs, byPeriod: runs, speeds: [measureSpeed(small, 1_000)] },
      comparisons: [{ reals: [churnResult], speeds: [1.2], simulated: [simulated.run], values: compare([churnResult], [simulated]) }],
      failingRuns: [exampleOfViolation(7)],
    };
    page = renderPage(data);
  }, 60_000);

  test('has every plot, in both widths', () => {
    const titles = ['Lookups lost', 'Incorrect deliveries', 'Delay stretch', 'Hops', 'Control messages', 'Control bytes', 'Detection time'];
    for (const title of titles) expect(page.split(`<svg role="img" aria-label="${title}"`)).toHaveLength(1 + 2 * 2);
    for (const title of ['The price of detection time', 'Speed of the simulator', 'Memory per node'])
      expect(page.split(`<svg role="img" aria-label="${title}"`)).toHaveLength(1 + 2);
  });

  test('needs nothing from anywhere else', () => {
    // Not `toMatch`, which would print the whole page.
    expect(page.match(/<script|<link|<img|<iframe|@import|url\((?!#)/)).toBeNull();
    expect(page.match(/(?:src|href)="(?!#)/)).toBeNull();
    const addresses = new Set(page.match(/[a-z]+:\/\/[^"\s<]+/g));
    // The names of SVG are written like addresses; nobody looks there.
    expect([...addresses].filter((address) => !address.startsWith('http://www.w3.org/'))).toEqual([]);
  });

  test('says of what was never seen how rare it is at least', () => {
    const { lookups } = (data.bySession[0] as Measured).figures;
    expect(lookups.wrong).toBe(0);
    const bound = Number(((100 * 3) / (lookups.ok + lookups.lost)).toPrecision(3));
    expect(page).toContain(`&lt; ${bound}`);
  });

  test('draws the ring of a failing run, with every pointer that is wrong', () => {
    const [picture] = (data.failingRuns[0] as PageData['failingRuns'][number]).pictures;
    expect(picture?.mistakesTotal).toBeGreaterThan(0);
    expect(page.match(/holds wrongly #|lacks #/g)?.length).toBeGreaterThanOrEqual(picture?.mistakes.length ?? Number.NaN);
    for (const { node } of picture?.concerned ?? []) expect(page).toContain(`Leaf set of #${node.index}`);
  });

  test('escapes what it is given', () => {
    expect(page).toContain('a processor &lt;of&gt; ours');
  });
});

test('equal settings give equal figures', () => {
  expect(measure(small).figures).toEqual(measure(small).figures);
});

describe('simulated and real', () => {
  test('a measure that differs by more than a factor of two is marked', () => {
    const { run, ...simulated } = playProcessChurn(settingOf(churnResult));
    expect(run.violations).toEqual([]);
    const values = new Map(compare([churnResult], [{ ...simulated, run }]).map((value) => [value.name, value]));
    // Gets that take four seconds in the middle are not what the model has; all succeed on both sides.
    expect(values.get('get, median')).toMatchObject({ real: 4000, isFar: true });
    expect(values.get('gets that succeed')).toMatchObject({ ratio: 1, isFar: false });
    // What the real test has not measured is not compared.
    expect(values.has('rejoin, mean')).toBe(false);
  });

  test('of several real runs of one setting the median counts', () => {
    const simulated = playProcessChurn(settingOf(churnResult));
    const quick = { ...churnResult, getMs: { p50: 10, p99: 20 } };
    const [value] = compare([quick, churnResult, quick], [simulated]).filter(({ name }) => name === 'get, median');
    expect(value).toMatchObject({ real: 10, realRange: [10, 4000] });
  });

  test('results are of one setting whatever their seed, but not with another number of replicas', () => {
    const other = { ...churnResult, replicas: 5 };
    expect(ofOneSetting([churnResult, other, { ...churnResult, seed: 4 }]).map(({ length }) => length)).toEqual([2, 1]);
  });

  test('the machine is as fast as the processor time says that forming the network took', () => {
    const setting = settingOf(churnResult);
    const { formedCpuSeconds } = playProcessChurn(setting);
    expect(machineSpeed({ ...churnResult, formedCpuSeconds }, setting)).toBeCloseTo(1, 5);
    const speed = machineSpeed({ ...churnResult, formedCpuSeconds: formedCpuSeconds / 2 }, setting);
    expect(speed).toBeCloseTo(2, 5);
    // The same piece of work took half as long again afterwards.
    const slowed = { ...churnResult, formedCpuSeconds, formingPaceMs: 10, churnPaceMs: 15 };
    expect(machineSpeed(slowed, setting)).toBeCloseTo(2 / 3, 5);
    const faster = playProcessChurn({ ...setting, speed });
    expect(faster.formedCpuSeconds / formedCpuSeconds).toBeGreaterThan(0.4);
    expect(faster.formedCpuSeconds / formedCpuSeconds).toBeLessThan(0.6);
    // Of a result from before that was recorded nothing is known.
    expect(machineSpeed(churnResult, setting)).toBe(1);
  });

  test('half of the nodes killed at one instant: the survivors agree and make the copies anew', () => {
    const figures = playProcessChurn({ ...settingOf(churnResult), kind: 'kill-half' });
    expect(figures.survivorsAgreeMs).toBeDefined();
    expect(figures.backToRMs).toBeDefined();
    expect(figures.repairBytes).toBeGreaterThan(0);
    expect(figures.run.violations).toEqual([]);
  });

  test('only the result of a churn test is taken for one', () => {
    expect(parseChurnResult(JSON.stringify(churnResult))).toEqual(churnResult);
    expect(parseChurnResult('{"peers": 50}')).toBeUndefined();
    expect(parseChurnResult('not JSON')).toBeUndefined();
  });

  test('the setting is that of the real test', () => {
    expect(settingOf(churnResult)).toMatchObject({ peers: 8, minutes: 0.2, sessionMedianMs: 60_000, files: 4, kind: 'churn' });
    expect(settingOf({ ...churnResult, turnover: 1 }).kind).toBe('turnover');
    expect(settingOf({ ...churnResult, survivorsAgreeMs: null }).kind).toBe('kill-half');
  });
});

describe('options', () => {
  test('a run to be pictured is named by scenario and seed', () => {
    const { pictures } = parseReportOptions(['--picture', 'partition-heals:42', '--picture', 'loss']);
    expect(pictures.map(({ scenario, seed }) => [scenario.name, seed])).toEqual([
      ['partition-heals', 42],
      ['loss', 1],
    ]);
  });

  test.each([[['--picture', 'nothing']], [['--seed', 'one']], [['--nonsense']]])('%j makes no sense', (args) => {
    expect(() => parseReportOptions(args)).toThrow(UsageError);
  });

  test('the quick plan is part of what the full one measures', () => {
    const [quick, full] = [makePlan(1, true), makePlan(1, false)];
    for (const part of ['bySession', 'bySize', 'byPeriod'] as const) {
      expect(quick[part].length).toBeLessThan(full[part].length);
      expect(new Set(quick[part].map(({ name }) => name)).size).toBeGreaterThan(1);
    }
  });
});
