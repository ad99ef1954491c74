import type { DaemonProcess } from './daemon-process.ts';
import type { Fleet } from './fleet.ts';
import { pooled } from './pool.ts';

const queriesAtOnce = 4;

/** Bytes that repair has moved in the whole network. A daemon that is killed counts as it was when last asked. */
export class RepairMeter {
  private readonly fleet: Fleet;
  private readonly latest = new Map<DaemonProcess, number>();
  private sampling: Promise<void> | undefined;

  constructor(fleet: Fleet) {
    this.fleet = fleet;
  }

  get bytes(): number {
    return [...this.latest.values()].reduce((sum, bytes) => sum + bytes, 0);
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
      // One that ends meanwhile keeps its former figure.
      const status = await process?.status().catch(() => undefined);
      if (process !== undefined && status !== undefined) this.latest.set(process, status.repairBytes);
    });
  }
}
