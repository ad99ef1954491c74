import { createHash } from 'node:crypto';
import { percentile } from './percentiles.ts';

const entries = 4000;
const hashedBytes = 256 * 1024;

/**
 * How long the same piece of work takes of the processor, again and again: how fast the machine is at the moment, when others use it as well.
 * What it does is of the kind that daemons do: small objects, text, hashes.
 */
export class Pace {
  private readonly bytes = new Uint8Array(hashedBytes);
  private samples: number[] = [];

  constructor() {
    // Code that has hardly run is slow on any machine.
    for (let run = 0; run < 5; run++) this.work();
  }

  sample(): void {
    const before = process.threadCpuUsage();
    this.work();
    const { user, system } = process.threadCpuUsage(before);
    this.samples.push((user + system) / 1000);
  }

  /** The median in milliseconds since it was asked last; 0 when there is none. */
  take(): number {
    const median = percentile(this.samples, 0.5);
    this.samples = [];
    return median;
  }

  private work(): void {
    const table = new Map<string, { readonly id: number; readonly name: string }>();
    for (let id = 0; id < entries; id++) table.set(`${id * 7919}`, { id, name: `entry ${id}` });
    const text = JSON.stringify([...table.values()]);
    createHash('sha256').update(this.bytes).update(text).digest();
    JSON.parse(text);
  }
}
