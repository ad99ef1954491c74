import { readFileSync } from 'node:fs';
import { SeededRandom } from '@dht/overlay';
import { exponential, intBelow, logNormal } from '../engine/distributions.ts';
import { formatTrace, parseTrace, type Session, type Trace } from './trace.ts';

const second = 1000;
const hour = 3_600 * second;

/**
 * What is known of the measurement that MSPastry was evaluated with (Saroiu, Gummadi and Gribble 2002; Castro, Costa and Rowstron
 * 2004): 17,000 nodes watched for 60 hours, sessions of 2.3 hours in the mean and 1 hour in the median, 1,300 to 2,700 nodes at
 * a time, up and down with the day.
 */
const shape = {
  nodes: 17_000,
  durationMs: 60 * hour,
  sessionMsMean: 2.3 * hour,
  sessionMsMedian: 1 * hour,
  liveMean: 1_990,
  /** Of arrivals, more than of the number of nodes, which long sessions smooth. */
  dailyAmplitude: 0.45,
  dayMs: 24 * hour,
};
/** So long before its beginning the trace is drawn already, for nobody has been there since for ever. */
const leadMs = 72 * hour;

const file: URL = new URL('../../traces/gnutella-like.trace', import.meta.url);

/** The shipped trace. */
export function gnutellaTrace(): Trace {
  return parseTrace(readFileSync(file, 'utf8'));
}

/** The text of a trace of that shape; the shipped one is that of seed 1. */
export function generateGnutellaTrace(seed: number): string {
  const random = new SeededRandom(seed);
  const busyUntil = new Float64Array(shape.nodes).fill(Number.NEGATIVE_INFINITY);
  const sessions: Session[] = [];
  const rateMax = (shape.liveMean * (1 + shape.dailyAmplitude)) / shape.sessionMsMean;
  for (let now = -leadMs; now < shape.durationMs; now += exponential(random, 1 / rateMax)) {
    // Arrivals of the highest rate, thinned to that of the hour (Lewis and Shedler 1979).
    if (random.next() * (1 + shape.dailyAmplitude) > 1 + shape.dailyAmplitude * dayWave(now / shape.dayMs)) continue;
    const node = anyAway(random, busyUntil, now);
    const endMs = now + Math.max(second, logNormal(random, shape.sessionMsMedian, shape.sessionMsMean));
    busyUntil[node] = endMs + second;
    if (endMs > 0) sessions.push({ node, startMs: Math.max(0, now), endMs });
  }
  const comments = [
    'Generated, in the shape of the Gnutella measurements of Saroiu et al. 2002; not measured.',
    `npm run sim:trace -- --seed ${seed}`,
  ];
  return formatTrace({ durationMs: shape.durationMs, nodes: shape.nodes, sessions }, comments);
}

/** Between −1 and 1 with period 1: two parabolas, which differ from a sine by at most 0.06. */
function dayWave(days: number): number {
  const phase = days - Math.floor(days);
  const half = phase < 0.5 ? phase : phase - 0.5;
  const arch = 16 * half * (0.5 - half);
  return phase < 0.5 ? arch : -arch;
}

function anyAway(random: SeededRandom, busyUntil: Float64Array, now: number): number {
  for (;;) {
    const node = intBelow(random, busyUntil.length);
    if ((busyUntil[node] as number) <= now) return node;
  }
}
