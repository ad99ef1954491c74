import type { Random } from '@dht/overlay';
import { exponential, sample, sessionTime, uniform } from '../lib/random.ts';

const second = 1000;

/** How a session ends: mostly `kill -9`; with a handover; or only frozen for some seconds, as a laptop's lid or a busy host does. */
export type Fate = 'kill' | 'leave' | 'pause';

const leaveShare = 0.15;
const pauseShare = 0.15;
/** Of the nodes that go, those that come back on their disk; the others are replaced by fresh ones. */
const returnShare = 0.5;

/** Draws what happens to nodes and when. Times in milliseconds. */
export class Schedule {
  private readonly random: Random;
  private readonly sessionMedianMs: number;

  constructor(random: Random, sessionMedianMs: number) {
    this.random = random;
    this.sessionMedianMs = sessionMedianMs;
  }

  session(): number {
    return sessionTime(this.random, this.sessionMedianMs);
  }

  fate(): Fate {
    const draw = this.random.next();
    if (draw < leaveShare) return 'leave';
    return draw < leaveShare + pauseShare ? 'pause' : 'kill';
  }

  /** The end of a node that is replaced for good. */
  lastFate(): 'kill' | 'leave' {
    return this.random.next() < leaveShare ? 'leave' : 'kill';
  }

  returns(): boolean {
    return this.random.next() < returnShare;
  }

  pauseTime(): number {
    return uniform(this.random, 1 * second, 8 * second);
  }

  /** How long a node that comes back is away. */
  downTime(): number {
    return 2 * second + exponential(this.random, 8 * second);
  }

  /**
   * When each of `count` nodes goes for good: in random order, evenly over the first 85 % of the run, jittered within its slot, so
   * that the last replacement still has time to become a member and a burst is left to chance only.
   */
  retirements(count: number, runMs: number): readonly number[] {
    const slotMs = (runMs * 0.85) / count;
    const slots = sample(
      this.random,
      Array.from({ length: count }, (_, slot) => slot),
      count,
    );
    return slots.map((slot) => (slot + this.random.next()) * slotMs);
  }
}
