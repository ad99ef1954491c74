import { type OverlayConfig, type PresetName, presets } from '@dht/overlay';
import type { Setting } from './measure.ts';

const second = 1000;

/** What is played for the page. */
export interface Plan {
  readonly bySession: readonly Setting[];
  readonly bySize: readonly Setting[];
  readonly byPeriod: readonly Setting[];
  /** Of the simulator itself, for each of `bySize`: the speed is the median of stretches of so many events. */
  readonly stretchEvents: number;
}

/** How much of it: everything that decides how long the page takes. */
interface Extent {
  readonly sessions: readonly number[];
  readonly sessionNodes: number;
  readonly sessionMinutes: number;
  readonly sizes: readonly number[];
  readonly sizeMinutes: number;
  readonly heartbeats: readonly number[];
  readonly periodNodes: number;
  readonly periodMinutes: number;
  readonly stretchEvents: number;
}

const full: Extent = {
  sessions: [5, 15, 30, 60, 120, 600],
  sessionNodes: 200,
  sessionMinutes: 15,
  sizes: [20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000],
  sizeMinutes: 3,
  heartbeats: [0.25, 0.5, 1, 2, 5, 10, 30].map((seconds) => seconds * second),
  periodNodes: 100,
  periodMinutes: 20,
  stretchEvents: 60_000,
};

const quick: Extent = {
  sessions: [5, 60],
  sessionNodes: 20,
  sessionMinutes: 3,
  sizes: [20, 100],
  sizeMinutes: 1,
  heartbeats: [1 * second, 10 * second],
  periodNodes: 20,
  periodMinutes: 4,
  stretchEvents: 5_000,
};

const common = { warmUpMinutes: 2, lookupsPerNodeSecond: 0.02, topology: 'transit-stub' } as const;
/** Of the plots over network size, and of those over the heartbeat period. */
export const sessionMinutesBySize = 60;
export const sessionMinutesByPeriod = 30;

export function makePlan(seed: number, isQuick: boolean): Plan {
  const extent = isQuick ? quick : full;
  const make = (preset: PresetName, nodes: number, sessionMinutes: number, minutes: number): Setting => {
    return { ...common, name: preset, nodes, sessionMinutes, minutes, overlay: presets[preset], seed };
  };
  const both: readonly PresetName[] = ['lan', 'wan'];
  return {
    stretchEvents: extent.stretchEvents,
    bySession: both.flatMap((preset) => extent.sessions.map((mean) => make(preset, extent.sessionNodes, mean, extent.sessionMinutes))),
    bySize: both.flatMap((preset) => extent.sizes.map((nodes) => make(preset, nodes, sessionMinutesBySize, extent.sizeMinutes))),
    byPeriod: [
      ...extent.heartbeats.map((periodMs) => ({
        ...make('lan', extent.periodNodes, sessionMinutesByPeriod, extent.periodMinutes),
        name: `${periodMs / second} s`,
        overlay: fixedHeartbeat(periodMs),
      })),
      ...both.map((preset) => make(preset, extent.periodNodes, sessionMinutesByPeriod, extent.periodMinutes)),
    ],
  };
}

/** The preset `lan` without self-tuning of the heartbeat. */
function fixedHeartbeat(periodMs: number): OverlayConfig {
  return { ...presets.lan, heartbeatMsMin: periodMs, heartbeatMsMax: periodMs };
}
