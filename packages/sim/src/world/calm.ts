import type { Engine } from '../engine/engine.ts';

/** Keeps the times of faults, so that a checker can tell what may be demanded when. */
export class Calm {
  private readonly engine: Engine;
  private lastFaultAt = 0;
  private lastDivisionAt = 0;
  private ongoing = 0;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Something went wrong at this instant that leaves those that run able to talk with each other: a crash. */
  disturb(): void {
    this.lastFaultAt = this.engine.now;
  }

  /** Until this instant some nodes could not talk, or not as fast as usual, though they ran or would run again: a pause's end, a partition that heals. */
  divide(): void {
    this.disturb();
    this.lastDivisionAt = this.engine.now;
  }

  /** Something begins that keeps nodes from talking, until `endFault`. */
  beginFault(): void {
    this.ongoing++;
    this.divide();
  }

  endFault(): void {
    this.ongoing--;
    this.divide();
  }

  /** Whether nothing has gone wrong since `time`. */
  since(time: number): boolean {
    return this.ongoing === 0 && (this.lastFaultAt === 0 || this.lastFaultAt < time);
  }

  /** Whether all that ran could talk with each other since `time`. */
  undividedSince(time: number): boolean {
    return this.ongoing === 0 && (this.lastDivisionAt === 0 || this.lastDivisionAt < time);
  }
}
