import type { SeededRandom } from '@dht/overlay';
import { exponential } from '../engine/distributions.ts';

/** A kind of access line, and how many hosts have it. */
export interface LineClass {
  /** Of all hosts, 0 to 1; the shares of a list add up to 1. */
  readonly share: number;
  readonly uplinkKbitPerSecond: number;
  readonly downlinkKbitPerSecond: number;
  /** What the line adds to the latency one way, exponentially distributed with this mean. */
  readonly accessMsMean: number;
}

/** Everybody has 100 Mbit/s both ways. */
export function fastLines(accessMsMean: number): readonly LineClass[] {
  return [{ share: 1, uplinkKbitPerSecond: 100_000, downlinkKbitPerSecond: 100_000, accessMsMean }];
}

/**
 * From 32 kbit/s to 100 Mbit/s, with the shares that Saroiu, Gummadi and Gribble measured among Gnutella peers (2002): 8 % on
 * modems, 22 % with at most 100 kbit/s upstream, about a third with 3 Mbit/s and more.
 */
export const mixedLines: readonly LineClass[] = [
  { share: 0.02, uplinkKbitPerSecond: 32, downlinkKbitPerSecond: 32, accessMsMean: 120 },
  { share: 0.06, uplinkKbitPerSecond: 33.6, downlinkKbitPerSecond: 56, accessMsMean: 60 },
  { share: 0.14, uplinkKbitPerSecond: 100, downlinkKbitPerSecond: 1_000, accessMsMean: 15 },
  { share: 0.42, uplinkKbitPerSecond: 1_000, downlinkKbitPerSecond: 10_000, accessMsMean: 10 },
  { share: 0.28, uplinkKbitPerSecond: 10_000, downlinkKbitPerSecond: 50_000, accessMsMean: 5 },
  { share: 0.08, uplinkKbitPerSecond: 100_000, downlinkKbitPerSecond: 100_000, accessMsMean: 1 },
];

/** Those of them that a full node can live on: from 1 Mbit/s up. */
export const broadbandLines: readonly LineClass[] = [
  { share: 0.5, uplinkKbitPerSecond: 1_000, downlinkKbitPerSecond: 10_000, accessMsMean: 10 },
  { share: 0.4, uplinkKbitPerSecond: 10_000, downlinkKbitPerSecond: 50_000, accessMsMean: 5 },
  { share: 0.1, uplinkKbitPerSecond: 100_000, downlinkKbitPerSecond: 100_000, accessMsMean: 1 },
];

/** The least time that a node waits for an acknowledgement: what queues for longer, for a line or for the processor, is a fault to it. */
export const congestedMs = 200;
/** Bits per millisecond in a kbit/s, in bytes. */
const bytesPerKbit = 1 / 8;
/** A sender keeps so much of a block on its way that mail waits behind it for no longer than this (DESIGN §6). */
const blockAheadMsMax = 250;

/** One direction of a host's line: bytes go one after another at its rate, mail before the rest of the blocks. */
export class Line {
  readonly bytesPerMs: number;
  private mailUntil = 0;
  private blocksUntil = 0;

  constructor(bytesPerMs: number) {
    this.bytesPerMs = bytesPerMs;
  }

  /** How long a message would wait for the mail before it. */
  mailWaitMs(now: number): number {
    return Math.max(0, this.mailUntil - now);
  }

  /** Until all that has come to it is through. */
  backlogMs(now: number): number {
    return Math.max(0, this.mailUntil - now, this.blocksUntil - now);
  }

  /** When the last byte of a message is through that comes to the line at `now`. */
  mail(now: number, bytes: number): number {
    const ownMs = bytes / this.bytesPerMs;
    const behindBlocks = this.blocksUntil > now ? now + Math.min(blockAheadMsMax, this.blocksUntil - now) : now;
    if (this.blocksUntil > now) this.blocksUntil += ownMs;
    this.mailUntil = Math.max(behindBlocks, this.mailUntil) + ownMs;
    return this.mailUntil;
  }

  /** As `mail`, for a block: behind all mail and blocks that came before. */
  block(now: number, bytes: number): number {
    this.blocksUntil = Math.max(now, this.mailUntil, this.blocksUntil) + bytes / this.bytesPerMs;
    return this.blocksUntil;
  }
}

/** What one host got of a list of classes. */
export interface AccessLine {
  readonly accessMs: number;
  readonly uplinkBytesPerMs: number;
  readonly downlinkBytesPerMs: number;
}

export function drawLine(random: SeededRandom, classes: readonly LineClass[]): AccessLine {
  let rest = random.next();
  const found = classes.find(({ share }) => {
    rest -= share;
    return rest < 0;
  });
  const { uplinkKbitPerSecond, downlinkKbitPerSecond, accessMsMean } = found ?? (classes.at(-1) as LineClass);
  return {
    accessMs: exponential(random, accessMsMean),
    uplinkBytesPerMs: uplinkKbitPerSecond * bytesPerKbit,
    downlinkBytesPerMs: downlinkKbitPerSecond * bytesPerKbit,
  };
}
