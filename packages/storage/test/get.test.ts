import { describe, expect, it } from 'vitest';
import { Cluster, type Host } from './cluster.ts';

const small = 10 * 1024;
const large = 256 * 1024;

/** Somebody who holds no copy. */
function stranger(cluster: Cluster, block: Parameters<Cluster['closest']>[0]): Host {
  return cluster.closest(block).at(-1) as Host;
}

describe('get', () => {
  it('one message there and one transfer back when the leaf set covers the key', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.stored(small, 0.5);
    const asker = stranger(cluster, block);
    cluster.run(60_000);
    for (const host of cluster.hosts) host.sent.length = host.transferred.length = 0;
    const get = cluster.get(asker, block);
    cluster.runUntil(() => get.results.length > 0);
    expect(get.results[0]).toMatchObject({ outcome: 'found', size: small });
    expect(cluster.hosts.flatMap(({ sent }) => sent.map(({ type }) => type))).toEqual(['get']);
    expect(cluster.hosts.flatMap(({ transferred }) => transferred)).toHaveLength(1);
    expect(asker.core.counters.lookups).toBe(0);
  });

  it('a holder reads its own disk and asks nobody', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.stored(large, 0.5);
    const holder = cluster.closest(block)[0] as Host;
    cluster.run(60_000);
    holder.sent.length = 0;
    const get = cluster.get(holder, block);
    cluster.runUntil(() => get.results.length > 0);
    expect(get.results[0]).toMatchObject({ outcome: 'found', size: large });
    expect(holder.sent).toEqual([]);
  });

  it('a slow disk is hedged', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.stored(small, 0.5);
    const asker = stranger(cluster, block);
    const order = cluster.closest(block);
    for (const host of order.slice(0, 2)) host.disk.readMs = 1_500;
    const startMs = cluster.nowMs;
    const get = cluster.get(asker, block);
    cluster.runUntil(() => get.results.length > 0);
    expect(get.results[0]).toMatchObject({ outcome: 'found', from: { id: order[2]?.id } });
    expect((get.atMs[0] as number) - startMs).toBeLessThan(500);
    cluster.run(60_000);
    cluster.expectNothingLeft();
  });

  it('a replica that crashes while it is asked costs one round trip', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.stored(small, 0.5);
    const asker = stranger(cluster, block);
    let crashed = false;
    cluster.onOutput = (host, output) => {
      if (crashed || output.type !== 'transfer') return;
      crashed = true;
      cluster.crash(host);
    };
    const startMs = cluster.nowMs;
    const get = cluster.get(asker, block);
    cluster.runUntil(() => get.results.length > 0);
    expect(crashed).toBe(true);
    expect(get.results[0]).toMatchObject({ outcome: 'found' });
    expect((get.atMs[0] as number) - startMs).toBeLessThan(100);
  });

  it('not found when all synced members have it not', () => {
    const cluster = Cluster.settled(8);
    const get = cluster.get(cluster.hosts[0] as Host, cluster.block(small));
    cluster.runUntil(() => get.results.length > 0);
    expect(get.results).toEqual([{ outcome: 'not-found' }]);
  });

  it('miss on a syncing member is not a vote', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.block(small, 0.51);
    const newcomer = cluster.add(0.51);
    // The newcomer can never compare its keys with anybody, so it stays syncing.
    cluster.dropMessage = (from, _to, message) => from === newcomer && message.type === 'keys';
    cluster.start(newcomer);
    cluster.run(200);
    const get = cluster.get(cluster.hosts[0] as Host, block);
    cluster.runUntil(() => get.results.length > 0);
    expect(get.results).toEqual([{ outcome: 'unavailable' }]);
  });

  it('a syncing member passes the miss on to the previous holders', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.stored(small, 0.56);
    const holders = cluster.closest(block).slice(0, 3);
    // Three newcomers closer than any holder: the whole replica set is new.
    for (const place of [0.559, 0.56, 0.561]) cluster.start(cluster.add(place));
    cluster.run(100);
    const replicaSet = cluster.closest(block).slice(0, 3);
    expect(replicaSet.some((host) => host.holds(block))).toBe(false);
    const get = cluster.get(stranger(cluster, block), block);
    cluster.runUntil(() => get.results.length > 0);
    const [result] = get.results;
    expect(result?.outcome).toBe('found');
    expect(holders.some((holder) => result?.outcome === 'found' && result.from?.id.equals(holder.id))).toBe(true);
  });

  it('a node that hands over still serves what nobody else has yet', () => {
    const cluster = Cluster.settled(10);
    const block = cluster.stored(small, 0.5);
    const holders = cluster.closest(block).slice(0, 3);
    // Nobody can take over, so that only those who leave have it.
    cluster.dropMessage = (_from, _to, message) => message.type === 'keys' || message.type === 'offer';
    for (const holder of holders) cluster.handOver(holder);
    cluster.run(200);
    const get = cluster.get(stranger(cluster, block), block);
    cluster.runUntil(() => get.results.length > 0);
    expect(get.results[0]).toMatchObject({ outcome: 'found' });
  });

  it('when everything is slow few gets are asked twice', () => {
    const cluster = Cluster.settled(8);
    const blocks = Array.from({ length: 40 }, () => cluster.stored(small, 0.5));
    const asker = stranger(cluster, blocks[0] as (typeof blocks)[0]);
    for (const { disk } of cluster.hosts) disk.readMs = 450;
    const gets = blocks.map((block) => cluster.get(asker, block));
    cluster.runUntil(() => gets.every(({ results }) => results.length > 0));
    expect(gets.every(({ results }) => results[0]?.outcome === 'found')).toBe(true);
    expect(asker.core.counters.hedges).toBeLessThanOrEqual(16);
    expect(asker.core.counters.hedges).toBeGreaterThan(0);
  });

  it('unavailable, and not "not found", while the only holders are away', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.stored(small, 0.5);
    for (const holder of cluster.closest(block).slice(0, 3)) cluster.crash(holder, 300_000);
    const get = cluster.get(stranger(cluster, block), block, 8_000);
    cluster.runUntil(() => get.results.length > 0);
    expect(get.results).toEqual([{ outcome: 'unavailable' }]);
  });

  it('waits for a holder that comes back', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.stored(small, 0.5);
    const holders = cluster.closest(block).slice(0, 3);
    for (const holder of holders) cluster.crash(holder, 300_000);
    const get = cluster.get(stranger(cluster, block), block, 30_000);
    cluster.after(5_000, () => cluster.start(holders[1] as Host));
    cluster.runUntil(() => get.results.length > 0);
    expect(get.results).toMatchObject([{ outcome: 'found' }]);
  });

  it('a cancelled get answers once, and a block that arrives later is let go', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.stored(large, 0.5);
    const asker = stranger(cluster, block);
    const get = cluster.get(asker, block);
    cluster.after(10, () => cluster.step(asker, { type: 'cancel', ref: 1 }));
    cluster.run(60_000);
    expect(get.results).toEqual([{ outcome: 'cancelled' }]);
    cluster.expectNothingLeft();
  });

  it('n blocks cost far fewer than n lookups', () => {
    const cluster = Cluster.settled(60, { half: 4 });
    const asker = cluster.hosts[0] as Host;
    const blocks = Array.from({ length: 200 }, () => cluster.block(small));
    const puts = blocks.map((block) => cluster.put(cluster.hosts[30] as Host, block));
    cluster.runUntil(() => puts.every(({ results }) => results.at(-1)?.settled === true));
    let found = 0;
    for (const block of blocks) {
      const get = cluster.get(asker, block);
      cluster.runUntil(() => get.results.length > 0);
      if (get.results[0]?.outcome === 'found') found++;
    }
    expect(found).toBe(200);
    expect(asker.core.counters.lookups).toBeLessThan(60);
  });
});

describe('where', () => {
  it('names the holders, the absent and the silent', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.stored(small, 0.5);
    const [first, second, third] = cluster.closest(block) as [Host, Host, Host];
    second.disk.delete(block.key);
    cluster.crash(third, 60_000);
    const where = cluster.where(cluster.hosts[0] as Host, block);
    cluster.runUntil(() => where.results.length > 0);
    expect(where.results[0]).toMatchObject({
      outcome: 'answered',
      replicaSet: [
        { node: { id: first.id }, state: 'holds', synced: true, storeId: first.disk.storeId, size: small },
        { node: { id: second.id }, state: 'absent', synced: true },
        { node: { id: third.id }, state: 'silent' },
      ],
      others: [],
    });
  });
});
