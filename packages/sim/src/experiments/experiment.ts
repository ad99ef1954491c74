import { cpuMsSince } from '../measuring/processor-time.ts';
/** One line of the table: what was promised, and what came out. */
export interface Row {
  readonly property: string;
  readonly setting: string;
  /** The figure of the literature, with its source. */
  readonly published: string;
  readonly mustReach: string;
  readonly measured: string;
  readonly holds: boolean;
}

/** What an experiment showed. `figures` is what its rows were made from, as JSON. */
export interface Findings {
  readonly rows: readonly Row[];
  readonly figures: unknown;
}

export interface RunOptions {
  readonly seed: number;
  /** Of the nodes and of the time that the experiment is meant to have; below 1 for a quick look. */
  readonly scale: number;
}

/** A claim about the overlay, as something that can be run. */
export interface Experiment {
  readonly name: string;
  /** One line for people. */
  readonly about: string;
  readonly run: (options: RunOptions) => Findings;
}

export interface Result extends Findings {
  readonly experiment: string;
  readonly seed: number;
  readonly scale: number;
  /** Of processor time. */
  readonly cpuMs: number;
}

export function runExperiment(experiment: Experiment, options: RunOptions): Result {
  const before = process.cpuUsage();
  const findings = experiment.run(options);
  return { experiment: experiment.name, ...options, ...findings, cpuMs: cpuMsSince(before) };
}

/** Nodes or minutes times the scale, whole, and not below `least`. */
export function scaled(full: number, { scale }: RunOptions, least: number = 1): number {
  return Math.max(least, Math.round(full * scale));
}
