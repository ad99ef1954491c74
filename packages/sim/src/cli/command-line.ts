import { parseArgs } from 'node:util';
import { type PresetName, presets } from '@dht/overlay';
import { type ChurnName, churnPlans } from '../churn/churn-plan.ts';
import { type TopologyName, topologies } from '../network/topology.ts';
import { findScenario, scenarios } from '../scenarios/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';

/** What the command is to do. */
export interface SimCommand {
  readonly scenario: Scenario;
  readonly seed: number;
  /** So many seeds, one after another, the first of them `seed`. */
  readonly seeds: number;
  readonly nodes: number | undefined;
  readonly minutes: number | undefined;
  readonly churn: ChurnName | undefined;
  readonly topology: TopologyName | undefined;
  readonly loss: number | undefined;
  readonly preset: PresetName | undefined;
  readonly built: boolean;
  readonly openEnd: boolean;
  readonly codec: boolean;
  readonly json: string | undefined;
  readonly journal: { readonly file: string; readonly host: number } | undefined;
  readonly replay: string | undefined;
  /** So many steps of each node concerned are shown before the first violation. */
  readonly steps: number | undefined;
  readonly list: boolean;
  readonly help: boolean;
}

/** What was given cannot be understood; the message says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const usage: string = `Usage: npm run sim -- [options]

Plays a network of nodes on virtual time and checks that it does what it promises.
The same options give the same run, event for event.

  --scenario NAME   what happens to the network; --list names all (steady)
  --seed N          everything random comes from it (1)
  --seeds N         plays so many seeds, from --seed on (1)
  --nodes N         nodes in the network (as the scenario has it)
  --minutes N       virtual minutes, forming and settling not counted (as the scenario has it)
  --built           the network is there at once, converged, instead of forming by joins; from 5000 nodes on it always is
  --open-end        ends with its minutes: does not wait for the network to become whole, and does not demand what holds then
  --churn NAME      for the scenario steady (light): none, light, heavy, gnutella (a trace), or poisson- or weibull- and the mean
                    session in minutes, 5, 15, 30, 60, 120 or 600
  --topology NAME   ${Object.keys(topologies).join(', ')} (internet)
  --loss RATE       of all messages, how many vanish, 0 to 1 (0)
  --preset NAME     ${Object.keys(presets).join(', ')}: what nodes spend on knowing who lives (lan)
  --codec           each message goes through its bytes and back
  --json FILE       writes the report, with several seeds one a line; - is standard output
  --journal FILE    writes what one node was told and what it answered, for --replay
  --journal-node N  which one, by its number (0)
  --steps N         plays a run that violates a demand again up to there and prints the last N steps of each node concerned
  --replay FILE     gives a journal, of the simulator or of a daemon, to a fresh core: on a terminal step by step, to the violation
                    or wherever one likes, otherwise as a whole, and compares what it answers
  --list            names the scenarios
  --help            this text

Exit code: 0 when all demands hold, 1 when one is violated, 2 for options that make no sense.

Example: npm run sim -- --nodes 1000 --seed 7 --minutes 60
`;

const optionTypes = {
  scenario: { type: 'string', default: 'steady' },
  seed: { type: 'string', default: '1' },
  seeds: { type: 'string', default: '1' },
  nodes: { type: 'string' },
  minutes: { type: 'string' },
  churn: { type: 'string' },
  topology: { type: 'string' },
  loss: { type: 'string' },
  preset: { type: 'string' },
  built: { type: 'boolean', default: false },
  'open-end': { type: 'boolean', default: false },
  codec: { type: 'boolean', default: false },
  json: { type: 'string' },
  journal: { type: 'string' },
  'journal-node': { type: 'string', default: '0' },
  replay: { type: 'string' },
  steps: { type: 'string' },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Throws a `UsageError`. */
export function parseCommandLine(args: readonly string[]): SimCommand {
  const values = parse(args);
  const scenario = findScenario(values.scenario);
  if (scenario === undefined)
    throw new UsageError(`there is no scenario '${values.scenario}'; there are ${scenarios.map(({ name }) => name).join(', ')}`);
  return {
    scenario,
    seed: integer('seed', values.seed, 0),
    seeds: integer('seeds', values.seeds, 1),
    nodes: values.nodes === undefined ? undefined : integer('nodes', values.nodes, 1),
    minutes: values.minutes === undefined ? undefined : number('minutes', values.minutes, Number.POSITIVE_INFINITY),
    churn: oneOf('churn', values.churn, Object.keys(churnPlans) as ChurnName[]),
    topology: oneOf('topology', values.topology, Object.keys(topologies) as TopologyName[]),
    loss: values.loss === undefined ? undefined : number('loss', values.loss, 1),
    preset: oneOf('preset', values.preset, Object.keys(presets) as PresetName[]),
    built: values.built,
    openEnd: values['open-end'],
    codec: values.codec,
    json: values.json,
    journal: values.journal === undefined ? undefined : { file: values.journal, host: integer('journal-node', values['journal-node'], 0) },
    replay: values.replay,
    steps: values.steps === undefined ? undefined : integer('steps', values.steps, 1),
    list: values.list,
    help: values.help,
  };
}

/** The command that plays one seed of this again. */
export function reproduce(command: SimCommand, seed: number): string {
  const parts = ['npm run sim --', `--scenario ${command.scenario.name}`, `--seed ${seed}`];
  for (const name of ['nodes', 'minutes', 'churn', 'topology', 'loss', 'preset'] as const) {
    if (command[name] !== undefined) parts.push(`--${name} ${command[name]}`);
  }
  if (command.built) parts.push('--built');
  if (command.openEnd) parts.push('--open-end');
  if (command.codec) parts.push('--codec');
  return parts.join(' ');
}

function parse(args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof optionTypes }>>['values'] {
  try {
    return parseArgs({ args: [...args], options: optionTypes, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function number(name: string, text: string, max: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0 || value > max)
    throw new UsageError(`--${name} ${text} is not a number from 0 up`);
  return value;
}

function integer(name: string, text: string, min: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < min)
    throw new UsageError(`--${name} ${text} is not a whole number from ${min} up`);
  return value;
}

function oneOf<T extends string>(name: string, text: string | undefined, known: readonly T[]): T | undefined {
  if (text === undefined) return undefined;
  const found = known.find((each) => each === text);
  if (found === undefined) throw new UsageError(`--${name} ${text} is none of ${known.join(', ')}`);
  return found;
}
