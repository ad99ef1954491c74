import type { DaemonProcess } from './daemon-process.ts';
import type { Fleet } from './fleet.ts';
import { pooled } from './pool.ts';

const queriesAtOnce = 4;

/** What all daemons of a network have done, one number of each. */
export interface Work {
  /** Moved by repair. */
  readonly repairBytes: number;
  /** Both ends of a connection count. */
  readonly connectionsOpened: number;
  readonly messagesSent: number;
}

/** Adds up what the daemons say that they have done. One that is killed counts as it was when last asked. */
export class WorkMeter {
  private readonly fleet: Fleet;
  private readonly latest = new Map<DaemonProcess, Work>();
  private sampling: Promise<void> | undefined;

  constructor(fleet: Fleet) {
    this.fleet = fleet;
  }

  get work(): Work {
    const all = [...this.latest.values()];
    const total = (name: keyof Work): number => all.reduce((sum, work) => sum + work[name], 0);
    return { repairBytes: total('repairBytes'), connectionsOpened: total('connectionsOpened'), messagesSent: total('messagesSent') };
  }

  /** Asks every living daemon; while one round is under way it is that one. */
  sample(): Promise<void> {
    this.sampling ??= this.ask().finally(() => {
      this.sampling = undefined;
    });
    return this.sampling;
  }

  private async ask(): Promise<void> {
    await pooled(this.fleet.serving, queriesAtOnce, async ({ process }) => {
      // One that ends meanwhile keeps its former figures.
      const status = await process?.status().catch(() => undefined);
      if (process !== undefined && status !== undefined) this.latest.set(process, status);
    });
  }
}
