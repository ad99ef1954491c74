import { type OverlayConfig, presets } from '@dht/overlay';
import { sample } from '../engine/distributions.ts';
import { Measurement, type TrafficRate } from '../measuring/measurement.ts';
import type { Summary } from '../measuring/samples.ts';
import { type Experiment, type Row, type RunOptions, scaled } from './experiment.ts';
import { formNetwork } from './trial.ts';

const second = 1000;
const minute = 60 * second;
const nodesFull = 200;
const failuresFull = 30;
/** Long after the last change, so that the periods are those of a quiet network; and how long it is listened to. */
const restMs = 60 * minute;
const listenMs = 10 * minute;
/** Heartbeat periods of the curve that shows what detection time costs. */
const heartbeatMsOfCurve = [0.5, 1, 2, 5, 10, 20, 30].map((seconds) => seconds * second);

/** What detection costs in quiet, and how long it takes: from the failure to the verdict of each that had the node in its leaf set. */
interface Price {
  readonly heartbeatMs: number;
  readonly control: TrafficRate;
  readonly silent: Summary | undefined;
  readonly closed: Summary | undefined;
}

export const detection: Experiment = {
  name: 'detection',
  about: 'time to detect a failure against control messages, for both presets and over heartbeat periods',
  run: (options) => {
    const lan = price(presets.lan, options);
    const wan = price(presets.wan, options);
    const curve = heartbeatMsOfCurve.map((heartbeatMs) =>
      price({ ...presets.wan, heartbeatMsMin: heartbeatMs, heartbeatMsMax: heartbeatMs, rtoMsMin: presets.lan.rtoMsMin }, options),
    );
    return { figures: { lan, wan, curve }, rows: [...times(lan, options), quiet(wan, options)] };
  },
};

function times({ silent, closed }: Price, options: RunOptions): Row[] {
  const setting = `${scaled(nodesFull, options, 50)} nodes, preset lan`;
  return [
    { property: 'silent failure known to all members', ...within(silent, 5), setting },
    { property: 'failure known, connections closed', ...within(closed, 2), setting },
  ];
}

function quiet({ control }: Price, options: RunOptions): Row {
  const { messagesPerSecond, bytesPerSecond } = control;
  return {
    property: 'control messages per node and second, nothing happens',
    setting: `${scaled(nodesFull, options, 50)} nodes, preset wan`,
    published: '–',
    mustReach: '≤ 0.4',
    measured: `${messagesPerSecond.toFixed(2)} (${bytesPerSecond.toFixed(0)} B)`,
    holds: messagesPerSecond <= 0.4,
  };
}

function within(summary: Summary | undefined, seconds: number): Pick<Row, 'published' | 'mustReach' | 'measured' | 'holds'> {
  const p99 = summary?.p99 ?? Number.POSITIVE_INFINITY;
  return {
    published: '–',
    mustReach: `p99 ≤ ${seconds} s`,
    measured: `p99 ${(p99 / second).toFixed(1)} s`,
    holds: p99 <= seconds * second,
  };
}

function price(overlay: OverlayConfig, options: RunOptions): Price {
  const cluster = formNetwork({ seed: options.seed, nodes: scaled(nodesFull, options, 50), overlay });
  const { world } = cluster;
  world.runFor(restMs);
  const silence = new Measurement(world);
  world.runFor(listenMs);
  const { control } = silence.figures().traffic;
  const spacingMs = 2 * overlay.heartbeatMsMax + 20 * second;
  const detect = (powerLossRate: number): Summary | undefined => {
    cluster.setFaults({ powerLossRate });
    const measurement = new Measurement(world);
    for (const host of sample(cluster.random, cluster.activeHosts(), scaled(failuresFull, options, 3))) {
      cluster.crash(host);
      world.runFor(spacingMs * (0.75 + cluster.random.next() / 2));
    }
    return measurement.figures().failures.detectionMs;
  };
  return { heartbeatMs: overlay.heartbeatMsMax, control, closed: detect(0), silent: detect(1) };
}
