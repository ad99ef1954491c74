import { power, type SeededRandom } from '@dht/overlay';
import { chance, exponential, pick } from '../engine/distributions.ts';
import type { Host } from '../machine/host.ts';
import { Samples } from '../measuring/samples.ts';
import type { Cluster } from '../world/cluster.ts';
import { getFile, newFile, putFile, type StoredFile } from './files.ts';
import { request } from './machine.ts';
import type { Population } from './population.ts';

// The numbers of scripts/churn/clients.ts and catalogue.ts, which this stands beside.
const clientCount = 4;
const thinkMsMean = 150;
const putShare = 0.08;
const getTimeoutMs = 30_000;
const putTimeoutMs = 60_000;
const pollMs = 100;
const fileBytesMin = 1024;
const fileBytesMax = 8 * 1024 * 1024;

/** Programs that put and get files through random members, each one request after another. */
export class Clients {
  readonly files: StoredFile[] = [];
  readonly getMs: Samples = new Samples();
  readonly putMs: Samples = new Samples();
  getsFailed = 0;
  putsFailed = 0;
  private readonly cluster: Cluster;
  private readonly random: SeededRandom;
  private readonly population: Population;
  private isOver = false;
  private open = 0;

  constructor(cluster: Cluster, population: Population) {
    this.cluster = cluster;
    this.random = cluster.world.stream('workload');
    this.population = population;
  }

  /** Stores the first files, a few at a time; returns when that is done. */
  store(count: number, atOnce: number): void {
    let begun = 0;
    let done = 0;
    const next = (): void => {
      if (begun++ >= count) return;
      this.put(() => {
        done++;
        next();
      });
    };
    for (let i = 0; i < atOnce; i++) next();
    this.cluster.world.runUntil(() => done >= count, count * putTimeoutMs, 50);
  }

  start(): void {
    for (let i = 0; i < clientCount; i++) this.request();
  }

  /** Returns when what is under way is done. */
  stop(): void {
    this.isOver = true;
    this.cluster.world.runUntil(() => this.open === 0, putTimeoutMs, 10);
  }

  private request(): void {
    if (this.isOver) return;
    const rest = (): void => this.cluster.world.engine.after(exponential(this.random, thinkMsMean), () => this.request());
    const file = pick(this.random, this.files);
    if (chance(this.random, putShare) || file === undefined) this.put(rest);
    else this.get(file, rest);
  }

  private put(then: () => void): void {
    const file = newFile(this.random, fileBytesMin * power(fileBytesMax / fileBytesMin, this.random.next()));
    this.ask(
      file.bytes,
      putTimeoutMs,
      (host, done) => putFile(this.cluster, host, file, putTimeoutMs, done),
      (isStored, ms) => {
        if (isStored) {
          this.files.push(file);
          this.putMs.add(ms);
        } else if (ms >= 0) this.putsFailed++;
        then();
      },
    );
  }

  private get(file: StoredFile, then: () => void): void {
    this.ask(
      file.bytes,
      getTimeoutMs,
      (host, done) => getFile(this.cluster, host, file, getTimeoutMs, done),
      (isFound, ms) => {
        if (isFound) this.getMs.add(ms);
        else if (ms >= 0) this.getsFailed++;
        then();
      },
    );
  }

  /** Asks a random member. `settle` hears of the outcome once; with −1 milliseconds when the script ended or stopped that member. */
  private ask(
    bytes: number,
    timeoutMs: number,
    act: (host: Host, done: (isOk: boolean) => void) => void,
    settle: (isOk: boolean, ms: number) => void,
  ): void {
    const { world } = this.cluster;
    const host = this.population.anyServing(this.random);
    const startedAt = world.now;
    const before = this.population.disturbancesOf(host);
    let isOpen = true;
    this.open++;
    const done = (isOk: boolean): void => {
      if (!isOpen) return;
      isOpen = false;
      this.open--;
      const isDisturbed = this.population.disturbancesOf(host) !== before;
      settle(isOk && !isDisturbed, isDisturbed ? -1 : world.now - startedAt);
    };
    const { life } = host;
    // The program of all clients makes or checks the bytes, then the daemon takes the request.
    const begin = (): void => {
      if (isOpen && host.life === life) act(host, done);
    };
    request(world, host, begin, bytes);
    const look = (): void => {
      if (!isOpen) return;
      // A client whose daemon was killed knows at once.
      if (host.life !== life || world.now >= startedAt + timeoutMs) done(false);
      else world.engine.after(pollMs, look);
    };
    look();
  }
}
