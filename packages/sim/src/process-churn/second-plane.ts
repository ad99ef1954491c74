import { uniform } from '../engine/distributions.ts';
import type { Host } from '../machine/host.ts';
import type { Cluster } from '../world/cluster.ts';
import { compute } from './machine.ts';

/** What the second plane (kad-dht) takes of the processor for each join, a minute after activation, within a quarter of it (DESIGN §6). */
const kadMs = 400;
const delayMs = 60_000;
// The numbers of runtime/deferred-start.ts in packages/node, which this stands beside.
const samples = 10;
const sampleMs = 1000;
const lateMsMax = 20;
/** What it takes a process to see that it is late. */
const lookMs = 0.05;

/** Starts the second plane of a host that has become active, and puts it off as long as its timers are late. */
export class SecondPlane {
  private readonly cluster: Cluster;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  begin(host: Host): void {
    const { life } = host;
    const { world, random } = this.cluster;
    const afterMs = delayMs * uniform(random, 0.75, 1.25) - samples * sampleMs;
    world.engine.after(afterMs, () => this.sample(host, life, samples, 0));
  }

  private sample(host: Host, life: number, left: number, lateMs: number): void {
    if (host.life !== life) return;
    const { world } = this.cluster;
    if (left > 0) {
      const dueMs = world.now + sampleMs;
      world.engine.after(sampleMs, () => {
        compute(world, host, lookMs, () => this.sample(host, life, left - 1, lateMs + world.now - dueMs));
      });
    } else if (lateMs > samples * lateMsMax) this.begin(host);
    else compute(world, host, kadMs, () => undefined);
  }
}
