import { describe, expect, test } from 'vitest';
import { parseBenchOptions, sections } from '../bench/options.ts';
import { parseChurnOptions } from '../churn/options.ts';
import { UsageError } from '../lib/flags.ts';

describe('options of the churn test', () => {
  test('the line of the README', () => {
    const options = parseChurnOptions(['--peers', '20', '--minutes', '1.5', '--turnover', '--json', 'out.json']);
    expect(options).toMatchObject({ peers: 20, minutes: 1.5, turnover: true, killHalf: false, replicas: 3, json: 'out.json' });
  });

  test('help', () => {
    expect(parseChurnOptions(['--help'])).toBeUndefined();
  });

  test.each([
    ['a misspelt option', ['--peer', '20']],
    ['no number', ['--peers', 'many']],
    ['an empty number', ['--peers', '']],
    ['a part of a node', ['--peers', '2.5']],
    ['a network of one', ['--peers', '1']],
    ['endless', ['--minutes', 'Infinity']],
    ['two runs in one', ['--turnover', '--kill-half']],
  ])('%s is refused', (_, args) => {
    expect(() => parseChurnOptions(args)).toThrow(UsageError);
  });
});

describe('options of the benchmark', () => {
  test('all sections, unless some are named', () => {
    expect(parseBenchOptions([])).toMatchObject({ only: sections, quick: false });
    expect(parseBenchOptions(['--only', 'small, start'])).toMatchObject({ only: ['start', 'small'] });
  });

  test('a section that does not exist is refused', () => {
    expect(() => parseBenchOptions(['--only', 'start,speed'])).toThrow('--only speed: expected some of start, small, bulk');
  });
});
