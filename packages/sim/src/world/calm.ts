import type { Engine } from '../engine/engine.ts';

/** Keeps the times of faults, so that a checker can tell what may be demanded when. */
export class Calm {
  private readonly engine: Engine;
  private lastFaultAt = 0;
  private ongoing = 0;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Something went wrong at this instant: a crash, a pause's end, a partition that heals. */
  disturb(): void {
    this.lastFaultAt = this.engine.now;
  }

  /** Something begins that lasts, until `endFault`. */
  beginFault(): void {
    this.ongoing++;
    this.disturb();
  }

  endFault(): void {
    this.ongoing--;
    this.disturb();
  }

  /** Whether nothing has gone wrong since `time`. */
  since(time: number): boolean {
    return this.ongoing === 0 && (this.lastFaultAt === 0 || this.lastFaultAt < time);
  }
}
