import type { NetworkFigures } from '../measuring/measurement.ts';
import type { Axis, Chart, Point, Reference, Series } from './chart.ts';
import type { Measured } from './measure.ts';
import { sessionMinutesByPeriod, sessionMinutesBySize } from './plan.ts';
import type { Speed } from './speed.ts';

const second = 1000;
const kibibyte = 1024;
/** With no event in n trials its chance is below 3/n with 95 % confidence (Hanley and Lippman-Hand 1983). */
const ruleOfThree = 3;
/** Smaller networks weigh less than what the program itself takes and gives back meanwhile. */
const weighableNodes = 100;

type Value = (figures: NetworkFigures) => Pick<Point, 'y' | 'isBound'> | undefined;
type Place = (measured: Measured) => number;

interface Sweep {
  readonly x: Axis;
  readonly place: Place;
  /** What was the same in all runs. */
  readonly rest: string;
}

/** Six plots of the overlay over mean session time. */
export function sessionPlots(runs: readonly Measured[]): readonly Chart[] {
  const ticks = distinct(runs.map(({ setting }) => setting.sessionMinutes));
  const rest = `${runs[0]?.setting.nodes ?? 0} nodes; left: nodes live for minutes, right: for hours`;
  return networkPlots(runs, {
    x: { name: 'mean session time, minutes', isLog: true, ticks },
    place: ({ setting }) => setting.sessionMinutes,
    rest,
  });
}

/** The same six over the number of nodes. */
export function sizePlots(runs: readonly Measured[]): readonly Chart[] {
  const ticks = distinct(runs.map(({ setting }) => setting.nodes));
  const rest = `mean session time ${sessionMinutesBySize} min`;
  return networkPlots(runs, { x: { name: 'nodes in the network', isLog: true, ticks }, place: ({ setting }) => setting.nodes, rest });
}

/** What it costs to know soon: each mark is a network with another heartbeat period, or with a preset that tunes it. */
export function pricePlot(runs: readonly Measured[]): Chart {
  const isPreset = ({ setting }: Measured): boolean => setting.name === 'lan' || setting.name === 'wan';
  const series = (name: string, chosen: readonly Measured[], isScattered: boolean): Series => ({
    name,
    isScattered,
    points: chosen.flatMap(({ figures, setting }) => {
      const { detectionMs } = figures.failures;
      if (detectionMs === undefined) return [];
      return [{ x: detectionMs.p99 / second, y: figures.traffic.control.messagesPerSecond, label: setting.name }];
    }),
  });
  const fixed = runs.filter((run) => !isPreset(run));
  return {
    title: 'The price of detection time',
    about: `Control messages against the time to detect a silent failure. Blue: heartbeat periods held fixed, the period written at each mark; orange: the presets, which tune the period to the failures they see. ${runs[0]?.setting.nodes ?? 0} nodes, mean session time ${sessionMinutesByPeriod} min.`,
    x: { name: 'detection time, 99th percentile, seconds' },
    y: { name: 'control messages per node per second' },
    series: [series('fixed heartbeat period', fixed, false), series('preset', runs.filter(isPreset), true)],
  };
}

/** What the simulator itself can do. */
export function simulatorPlots(runs: readonly Measured[], speeds: readonly Speed[]): readonly Chart[] {
  const ticks = distinct(runs.map(({ setting }) => setting.nodes));
  const x: Axis = { name: 'nodes in the network', isLog: true, ticks };
  const weighable = runs.filter(({ setting }) => setting.nodes >= weighableNodes);
  return [
    {
      title: 'Speed of the simulator',
      about: `Events per second of processor time in a network that goes on, at rest and with a mean session time of ${sessionMinutesBySize} min and lookups: the median of five stretches. An event is what reaches a whole node: a message, a timer, a connection. The larger the network, the more of what it needs has to come from memory instead of the processor’s caches.`,
      x,
      y: { name: 'events per second', isLog: true },
      series: [...Map.groupBy(speeds, ({ name }) => name)].flatMap(([group, own]) => [
        { name: `${group}, at rest`, group, points: own.map(({ nodes, atRest }) => ({ x: nodes, y: atRest })) },
        { name: `${group}, churn`, group, points: own.map(({ nodes, atWork }) => ({ x: nodes, y: atWork })) },
      ]),
      references: [{ name: '200,000', y: 200_000 }],
    },
    {
      title: 'Memory per node',
      about: `Live objects of a node of a freshly formed ring, before it routes anything. Networks below ${weighableNodes} nodes are too small to be weighed.`,
      x,
      y: { name: 'KiB per node' },
      series: byName(weighable).map(([name, own]) => ({
        name,
        points: own.map((run) => ({ x: run.setting.nodes, y: run.heapBytesPerNode / kibibyte })),
      })),
    },
  ];
}

function networkPlots(runs: readonly Measured[], sweep: Sweep): readonly Chart[] {
  const { rest } = sweep;
  const bound = 'A hollow mark: none was seen; the value is then below the mark with 95 % confidence.';
  return [
    plot(
      'Lookups lost',
      `Of all lookups, how many found no root within 10 s; ${rest}. ${bound}`,
      'percent of lookups',
      sweep,
      runs,
      [['', share('lost')]],
      true,
    ),
    plot(
      'Incorrect deliveries',
      `Of all lookups, how many ended at a node that was not the root; ${rest}. ${bound}`,
      'percent of lookups',
      sweep,
      runs,
      [['', share('wrong')]],
      true,
    ),
    plot(
      'Delay stretch',
      `Mean delay of a lookup to its root over the mean delay of a packet sent straight there, connections that had to be made included; ${rest}.`,
      'routed ÷ direct',
      sweep,
      runs,
      [['', ({ stretch }) => known(stretch.ofMeans)]],
    ),
    plot('Hops', `Hops of a lookup; ${rest}.`, 'hops', sweep, runs, [
      ['mean', ({ lookups }) => known(lookups.hops?.mean)],
      ['99th percentile', ({ lookups }) => known(lookups.hops?.p99)],
    ]),
    plot(
      'Control messages',
      `Sent per node and second to keep the ring and the tables, lookups themselves not counted; ${rest}.`,
      'messages per node per second',
      sweep,
      runs,
      [['', ({ traffic }) => known(traffic.control.messagesPerSecond)]],
    ),
    plot('Control bytes', `The same in bytes, without the headers of the transport; ${rest}.`, 'bytes per node per second', sweep, runs, [
      ['', ({ traffic }) => known(traffic.control.bytesPerSecond)],
    ]),
    plot(
      'Detection time',
      `From the moment a machine goes silent until a neighbour has declared it failed: median, and 99th percentile; ${rest}.`,
      'seconds',
      sweep,
      runs,
      [
        ['median', ({ failures }) => known(failures.detectionMs && failures.detectionMs.p50 / second)],
        ['99th percentile', ({ failures }) => known(failures.detectionMs && failures.detectionMs.p99 / second)],
      ],
    ),
  ];
}

function plot(
  title: string,
  about: string,
  yName: string,
  { x, place }: Sweep,
  runs: readonly Measured[],
  values: readonly (readonly [string, Value])[],
  isLog: boolean = false,
  references: readonly Reference[] = [],
): Chart {
  const series = byName(runs).flatMap(([name, chosen]) =>
    values.map(([suffix, value]) => ({
      name: suffix === '' ? name : `${name}, ${suffix}`,
      group: name,
      points: chosen.flatMap((run) => {
        const y = value(run.figures);
        return y === undefined ? [] : [{ x: place(run), ...y }];
      }),
    })),
  );
  return { title, about, x, y: { name: yName, isLog }, series, references };
}

/** In percent; the bound when none was seen. */
function share(verdict: 'lost' | 'wrong'): Value {
  return ({ lookups }) => {
    const all = lookups.ok + lookups.wrong + lookups.lost;
    if (all === 0) return undefined;
    const isBound = lookups[verdict] === 0;
    return { y: (100 * (isBound ? ruleOfThree : lookups[verdict])) / all, isBound };
  };
}

function known(y: number | undefined): { readonly y: number } | undefined {
  return y === undefined ? undefined : { y };
}

function byName(runs: readonly Measured[]): readonly (readonly [string, readonly Measured[]])[] {
  return [...Map.groupBy(runs, ({ setting }) => setting.name)];
}

function distinct(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
