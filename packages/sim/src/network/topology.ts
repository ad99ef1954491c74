import { assert, SeededRandom } from '@dht/overlay';
import { intBelow, uniform } from '../engine/distributions.ts';
import { type AccessLine, drawLine, fastLines, type LineClass, mixedLines } from './line.ts';

/** Where latencies and lines come from. Latencies are one-way, in milliseconds. */
export interface TopologyOptions {
  /**
   * - `uniform`: every pair of hosts has a latency of its own, so that nobody's neighbours are near each other;
   * - `plane`: hosts are points of a square, latency grows with distance;
   * - `transit-stub`: hosts live in stub domains (a campus, a provider's city), which hang on transit domains, which are points of
   *   the square (Zegura, Calvert and Bhattacharjee 1996, as the evaluation of MSPastry uses it).
   */
  readonly shape: 'uniform' | 'plane' | 'transit-stub';
  /** The longest way through the core: `uniform`, of the slowest pair; otherwise from one corner of the square to the opposite one. */
  readonly spanMs: number;
  /** For `transit-stub`: how many there are, and the longest way from a stub domain to its transit domain. */
  readonly transitDomains: number;
  readonly stubDomains: number;
  readonly stubMsMax: number;
  readonly lines: readonly LineClass[];
  /** Mean of what each message is delayed on top, exponentially distributed. */
  readonly jitterMsMean: number;
  /** No pair is nearer or, jitter and queues apart, farther than this. */
  readonly floorMs: number;
  readonly ceilingMs: number;
}

/** What one host got of a topology. */
export interface Place extends AccessLine {
  readonly x: number;
  readonly y: number;
  /** Hosts of the same domain reach each other without leaving it. Negative when the host is in none. */
  readonly stub: number;
  readonly stubMs: number;
}

export type TopologyName = 'lan' | 'internet' | 'uniform' | 'transit-stub' | 'mixed';

const plane = { shape: 'plane', transitDomains: 0, stubDomains: 0, stubMsMax: 0 } as const;

export const topologies: Readonly<Record<TopologyName, TopologyOptions>> = {
  /** One building. */
  lan: { ...plane, spanMs: 0.3, lines: fastLines(0.1), jitterMsMean: 0.05, floorMs: 0.1, ceilingMs: 10 },
  /** Hosts around the world: the median round trip is about 80 ms, as in the King data set (Gummadi et al. 2002). */
  internet: { ...plane, spanMs: 60, lines: fastLines(6), jitterMsMean: 2, floorMs: 0.5, ceilingMs: 1_000 },
  /** No pair's latency says anything about another's: where proximity cannot help. */
  uniform: { ...plane, shape: 'uniform', spanMs: 100, lines: fastLines(1), jitterMsMean: 2, floorMs: 1, ceilingMs: 1_000 },
  /** Clusters within clusters: where proximity helps most. */
  'transit-stub': {
    shape: 'transit-stub',
    spanMs: 100,
    transitDomains: 10,
    stubDomains: 100,
    stubMsMax: 15,
    lines: fastLines(1),
    jitterMsMean: 1,
    floorMs: 1,
    ceilingMs: 1_000,
  },
  /** The peers that a public network really has: 32 kbit/s to 100 Mbit/s, 1 to 1,000 ms, in domains. */
  mixed: {
    shape: 'transit-stub',
    spanMs: 100,
    transitDomains: 10,
    stubDomains: 200,
    stubMsMax: 15,
    lines: mixedLines,
    jitterMsMean: 3,
    floorMs: 1,
    ceilingMs: 1_000,
  },
};

/** Domains lie where their number says, in every run. */
const domainStream = 0x646f6d;
/** How far the stub domains of one transit domain lie from it, as a share of the square's side. */
const stubSpread = 0.05;

export function validateTopology({ shape, lines, transitDomains, stubDomains, floorMs, ceilingMs, ...ways }: TopologyOptions): void {
  const total = lines.reduce((sum, { share }) => sum + share, 0);
  assert(Math.abs(total - 1) < 1e-6, 'the shares of the lines add up to 1');
  assert(shape !== 'transit-stub' || (transitDomains > 0 && stubDomains > 0), 'a transit-stub topology has domains');
  assert(0 < floorMs && floorMs <= ceilingMs, 'the nearest pair is not farther than the farthest');
  for (const ms of Object.values(ways)) assert(ms >= 0, 'latencies are not negative');
}

export function placeHost(random: SeededRandom, topology: TopologyOptions): Place {
  const line = drawLine(random, topology.lines);
  if (topology.shape !== 'transit-stub') return { x: random.next(), y: random.next(), stub: -1, stubMs: 0, ...line };
  return { ...placeStub(intBelow(random, topology.stubDomains), topology), ...line };
}

/** Without jitter and queues; the same in both directions. */
export function propagationMs(a: Place, b: Place, { shape, spanMs, floorMs, ceilingMs }: TopologyOptions): number {
  const access = a.accessMs + b.accessMs;
  const core = shape === 'uniform' ? spanMs * fractionOf(a.x + b.x) : throughCore(a, b, spanMs);
  return Math.min(floorMs + access + core, ceilingMs);
}

function throughCore(a: Place, b: Place, spanMs: number): number {
  if (a.stub === b.stub && a.stub >= 0) return 0;
  const dx = a.x - b.x;
  const dy = a.y - b.y;
  return a.stubMs + b.stubMs + spanMs * Math.sqrt((dx * dx + dy * dy) / 2);
}

/** The sum of two uniform numbers modulo 1 is uniform, and the same for (a, b) as for (b, a). */
function fractionOf(sum: number): number {
  return sum - Math.floor(sum);
}

function placeStub(stub: number, { transitDomains, stubMsMax }: TopologyOptions): Omit<Place, keyof AccessLine> {
  const transit = new SeededRandom(stub % transitDomains, domainStream);
  const own = new SeededRandom(stub + transitDomains, domainStream);
  return {
    x: transit.next() + uniform(own, -stubSpread, stubSpread),
    y: transit.next() + uniform(own, -stubSpread, stubSpread),
    stub,
    stubMs: uniform(own, 0, stubMsMax),
  };
}
