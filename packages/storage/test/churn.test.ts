import { SeededRandom } from '@dht/overlay';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BlockRef } from '../src/index.ts';
import { type Asked, Cluster, type Host } from './cluster.ts';

/** A run of joins, crashes, returns, leaves, lost messages, puts and gets, all decided by the seed. */
class Churn {
  readonly cluster: Cluster;
  readonly acknowledged: BlockRef[] = [];
  readonly found: boolean[] = [];
  private readonly random: SeededRandom;
  private readonly gone: Host[] = [];
  private pending: { readonly block: BlockRef; readonly put: Asked<{ readonly outcome: string }> }[] = [];

  constructor(seed: number) {
    this.cluster = Cluster.settled(7, { seed, storage: { reReplicateMs: 5_000, repairPeriodMs: 10_000, surplusCalmMs: 20_000 } });
    this.random = new SeededRandom(seed, 7);
    this.cluster.dropMessage = () => this.random.next() < 0.03;
    this.cluster.dropTransfer = () => this.random.next() < 0.03;
  }

  /** One random event, then a while. */
  turn(): void {
    const dice = this.random.next();
    if (dice < 0.1) this.crash();
    else if (dice < 0.2) this.comeBack();
    else if (dice < 0.25) this.join();
    else if (dice < 0.3) this.leave();
    else if (dice < 0.8) this.put();
    else this.get();
    this.cluster.run(this.random.next() * 1_500);
    this.note();
  }

  /** No more faults; everybody who is not gone for good has returned. */
  settle(): void {
    this.cluster.dropMessage = () => false;
    this.cluster.dropTransfer = () => false;
    while (this.gone.length > 0) this.comeBack();
    this.cluster.run(180_000);
    this.note();
  }

  private pick(hosts: readonly Host[]): Host {
    return hosts[Math.floor(this.random.next() * hosts.length)] as Host;
  }

  /** At most one at a time within the time that repair takes, so that no block loses all of its copies. */
  private crash(): void {
    if (this.cluster.alive.length < 6) return;
    const host = this.pick(this.cluster.alive);
    if (host.overlay.status !== 'active') return;
    this.cluster.crash(host, 500 + this.random.next() * 1_000);
    this.gone.push(host);
    this.cluster.run(2_500);
  }

  private comeBack(): void {
    const host = this.gone.shift();
    if (host === undefined) return;
    this.cluster.start(host);
    this.cluster.run(500);
  }

  private join(): void {
    if (this.cluster.alive.length < 12) this.cluster.start(this.cluster.add(this.random.next()));
  }

  private leave(): void {
    const host = this.pick(this.cluster.alive);
    if (this.cluster.alive.length > 6 && host.overlay.status === 'active') this.cluster.handOver(host, 20_000);
  }

  private put(): void {
    const block = this.cluster.block(this.random.next() < 0.5 ? 1_000 : 100_000);
    const host = this.pick(this.cluster.alive);
    this.pending.push({ block, put: this.cluster.put(host, block, 20_000) });
  }

  private get(): void {
    const block = this.acknowledged[Math.floor(this.random.next() * this.acknowledged.length)];
    if (block === undefined) return;
    const host = this.pick(this.cluster.alive.filter(({ overlay }) => overlay.status === 'active'));
    const get = this.cluster.get(host, block, 20_000);
    const { incarnation } = host;
    this.cluster.runUntil(() => get.results.length > 0 || !host.isAlive || host.incarnation !== incarnation);
    if (get.results.length > 0) this.found.push(get.results[0]?.outcome === 'found');
  }

  private note(): void {
    const done = this.pending.filter(({ put }) => put.results.length > 0);
    this.pending = this.pending.filter(({ put }) => put.results.length === 0);
    for (const { block, put } of done) if (put.results[0]?.outcome === 'stored') this.acknowledged.push(block);
  }
}

describe('churn', () => {
  it('every acknowledged block has r synced copies in the end, and every byte that was held is let go', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => {
        const churn = new Churn(seed);
        for (let turn = 0; turn < 60; turn++) churn.turn();
        churn.settle();
        const { cluster } = churn;
        expect(churn.acknowledged.length).toBeGreaterThan(0);
        for (const block of churn.acknowledged) {
          const members = cluster.closest(block).slice(0, 3);
          const missing = members.filter((host) => !host.holds(block)).map(({ name }) => name);
          expect(missing, `${block.key} on its replica set`).toEqual([]);
          const syncing = members.filter((host) => !host.isSyncedFor(block)).map(({ name }) => name);
          expect(syncing, `${block.key} is synced`).toEqual([]);
        }
        expect(churn.found.every(Boolean)).toBe(true);
        cluster.expectNothingLeft();
      }),
      { numRuns: 30 },
    );
  });
});
