import { join } from 'node:path';
import { SeededRandom } from '@dht/overlay';
import { Fleet } from '../lib/fleet.ts';
import type { ProgramContext } from '../lib/program.ts';
import type { BenchOptions } from './options.ts';

const formTimeoutMs = 120_000;

/** What a section of the benchmark works with. */
export interface BenchContext {
  readonly options: BenchOptions;
  /** A line about what is going on. */
  note(text: string): void;
  /** Runs `work` on a network of its own with r = 3 and w = 2, all daemons of which are gone afterwards. */
  withNetwork<R>(name: string, nodes: number, work: (fleet: Fleet) => Promise<R>): Promise<R>;
}

export function benchContext(options: BenchOptions, { guard, signal }: ProgramContext): BenchContext {
  const environment = { ...guard.environment, DHT_REPLICAS: '3', DHT_WRITE_QUORUM: '2', DHT_LOG_LEVEL: options.logLevel };
  return {
    options,
    note: (text) => console.error(text),
    async withNetwork(name, nodes, work) {
      signal.throwIfAborted();
      const fleet = new Fleet({ folder: join(guard.folder, name), random: new SeededRandom(1), environment, signal });
      try {
        await fleet.form(nodes);
        const ring = await fleet.untilRingExact(formTimeoutMs);
        if ('fault' in ring) throw new Error(`the daemons did not form one ring within ${formTimeoutMs} ms: ${ring.fault}`);
        return await work(fleet);
      } finally {
        await fleet.killAll();
      }
    },
  };
}
