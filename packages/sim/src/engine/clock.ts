import type { Now } from '@dht/overlay';

/** Wall time at virtual time 0: 2026-01-01T00:00:00Z. */
const epochMs = 1_767_225_600_000;

/** What one process sees of time: its own origin, its own speed. Virtual time is the engine's. */
export class HostClock {
  private readonly startedAt: number;
  private readonly originMs: number;
  private readonly rate: number;
  private readonly wallSkewMs: number;
  /** Read at each step of each node: an object of its own for each reading would outlive the next collection in all of them. */
  private readonly reading: { monoMs: number; wallMs: number } = { monoMs: 0, wallMs: 0 };

  /** `originMs`: what the monotonic clock shows at virtual time `startedAt`. */
  constructor(startedAt: number, originMs: number, driftPpm: number, wallSkewMs: number) {
    this.startedAt = startedAt;
    this.originMs = originMs;
    this.rate = 1 + driftPpm / 1_000_000;
    this.wallSkewMs = wallSkewMs;
  }

  /**
   * What it shows, always in the same object: it holds until the next reading. `monoMsMin` keeps a rounding error from showing a
   * deadline as not yet reached.
   */
  read(virtualMs: number, monoMsMin: number = Number.NEGATIVE_INFINITY): Now {
    const monoMs = this.originMs + (virtualMs - this.startedAt) * this.rate;
    this.reading.monoMs = Math.max(monoMs, monoMsMin);
    this.reading.wallMs = epochMs + virtualMs + this.wallSkewMs;
    return this.reading;
  }

  /** The virtual time at which the monotonic clock shows `monoMs`. */
  virtual(monoMs: number): number {
    return this.startedAt + (monoMs - this.originMs) / this.rate;
  }
}
