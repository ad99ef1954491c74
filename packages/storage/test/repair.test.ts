import { describe, expect, it } from 'vitest';
import { sameArc } from '../src/arcs.ts';
import { Cluster, type Host } from './cluster.ts';

const size = 64 * 1024;

/** All blocks have r copies on the r closest live nodes, all of which are synced for them. */
function isWhole(cluster: Cluster, blocks: readonly ReturnType<Cluster['block']>[]): boolean {
  return blocks.every((block) =>
    cluster
      .closest(block)
      .slice(0, cluster.storage.replicas)
      .every((host) => host.holds(block) && host.isSyncedFor(block)),
  );
}

function storeMany(cluster: Cluster, count: number): ReturnType<Cluster['block']>[] {
  const blocks = Array.from({ length: count }, () => cluster.block(size));
  const puts = blocks.map((block, index) => cluster.put(cluster.hosts[index % cluster.hosts.length] as Host, block));
  cluster.runUntil(() => puts.every(({ results }) => results.at(-1)?.settled === true));
  for (const { results } of puts) expect(results.at(-1)).toMatchObject({ outcome: 'stored', shortfall: 'none' });
  return blocks;
}

describe('repair', () => {
  it('a join never makes a block unfindable', () => {
    const cluster = Cluster.settled(6);
    const blocks = storeMany(cluster, 30);
    let found = 0;
    let asked = 0;
    const look = (): void => {
      for (const block of blocks) {
        const get = cluster.get(cluster.hosts[asked % 6] as Host, block, 5_000);
        asked++;
        cluster.runUntil(() => get.results.length > 0);
        if (get.results[0]?.outcome === 'found') found++;
      }
    };
    for (const place of [0.1, 0.12, 0.14, 0.6, 0.61, 0.62]) {
      cluster.start(cluster.add(place));
      look();
    }
    expect(found).toBe(asked);
    cluster.runUntil(() => isWhole(cluster, blocks), 10_000);
  });

  it('a joiner takes no vote and counts no copy before it is synced', () => {
    const cluster = Cluster.settled(6);
    storeMany(cluster, 10);
    const joiner = cluster.add(0.51);
    cluster.start(joiner);
    cluster.run(100);
    expect(joiner.core.responsibility.arc).toBeDefined();
    expect(joiner.core.responsibility.synced).toBeUndefined();
    cluster.run(5_000);
    expect(joiner.core.responsibility.synced).toEqual(joiner.core.responsibility.arc);
    for (const other of cluster.hosts.slice(0, 6)) {
      expect(other.core.syncStateOf(joiner.contact)).toMatchObject({
        storeId: joiner.disk.storeId,
        synced: joiner.core.responsibility.arc,
      });
    }
  });

  it('that a responsibility became smaller is told to the newcomer alone, what is held of a wider one to everybody', () => {
    const cluster = Cluster.settled(6);
    const olds = cluster.hosts.slice(0, 6);
    for (const { sent } of olds) sent.length = 0;
    const joiner = cluster.add(0.51);
    cluster.start(joiner);
    cluster.run(5_000);
    for (const { sent } of olds) expect(sent.filter(({ type }) => type === 'syncState').length).toBeLessThanOrEqual(1);
    // Nobody gets to know what keys the others hold, so that what became wider stays unsynced.
    cluster.dropMessage = (_from, _to, { type }) => type === 'keysReply';
    cluster.crash(joiner);
    cluster.run(2_000);
    const partial = olds.filter(({ core: { responsibility } }) => !sameArc(responsibility.synced, responsibility.arc));
    expect(partial).not.toEqual([]);
    for (const host of partial) {
      for (const other of olds.filter((each) => each !== host)) {
        expect(other.core.syncStateOf(host.contact)?.synced).toEqual(host.core.responsibility.synced);
      }
    }
  });

  it('a joiner that knows of blocks but does not get them in time is not synced for them', () => {
    const cluster = Cluster.settled(6);
    const blocks = storeMany(cluster, 20);
    const joiner = cluster.add(0.51);
    cluster.dropMessage = (from, to, { type }) => (from === joiner && type === 'get') || (to === joiner && type === 'offer');
    cluster.start(joiner);
    cluster.run(90_000);
    expect(blocks.filter((block) => joiner.isSyncedFor(block) && !joiner.holds(block))).toEqual([]);
    cluster.dropMessage = () => false;
    cluster.runUntil(() => isWhole(cluster, blocks), 20_000);
  });

  it('a put during a join has w synced copies and one on the joiner', () => {
    const cluster = Cluster.settled(6);
    const joiner = cluster.add(0.51);
    cluster.dropMessage = (from, _to, message) => from === joiner && message.type === 'keys';
    cluster.start(joiner);
    cluster.run(200);
    const block = cluster.block(size, 0.51);
    const put = cluster.put(cluster.hosts[0] as Host, block);
    cluster.runUntil(() => put.results.at(-1)?.settled === true);
    expect(joiner.holds(block)).toBe(true);
    expect(put.results.at(-1)?.holders.filter(({ synced }) => synced).length).toBeGreaterThanOrEqual(2);
  });

  it('a member that a put passed over has its copy soon after another one is gone', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.block(size);
    const [first, , late] = cluster.closest(block) as [Host, Host, Host];
    cluster.dropMessage = (_from, to, message) => to === late && message.type === 'offer';
    const initiator = cluster.closest(block).at(-1) as Host;
    const put = cluster.put(initiator, block);
    cluster.runUntil(() => put.results.at(-1)?.settled === true);
    expect(late.holds(block)).toBe(false);
    cluster.dropMessage = () => false;
    cluster.crash(first);
    cluster.runUntil(() => late.holds(block), 30_000);
  });

  it('second member fails while the first is being re-replicated', () => {
    const cluster = Cluster.settled(8);
    const blocks = storeMany(cluster, 40);
    const [first, second] = cluster.closest(blocks[0] as (typeof blocks)[0]) as [Host, Host];
    cluster.crash(first);
    // Neighbours begin to fetch only when the second failure shows that it is not a lone one.
    cluster.after(1_100, () => cluster.crash(second));
    cluster.run(3_000);
    cluster.runUntil(() => isWhole(cluster, blocks), 30_000);
  });

  it('a lone failure is given time to come back', () => {
    const cluster = Cluster.settled(8);
    const blocks = storeMany(cluster, 20);
    const host = cluster.hosts[3] as Host;
    const before = repairBytes(cluster);
    cluster.crash(host);
    cluster.run(60_000);
    expect(repairBytes(cluster)).toBe(before);
    cluster.start(host);
    cluster.run(10_000);
    expect(isWhole(cluster, blocks)).toBe(true);
    expect(repairBytes(cluster)).toBe(before);
  });

  it('a lone failure that does not come back is replaced after the delay', () => {
    const cluster = Cluster.settled(8);
    const blocks = storeMany(cluster, 20);
    cluster.crash(cluster.hosts[3] as Host);
    cluster.run(cluster.storage.reReplicateMs - 5_000);
    expect(isWhole(cluster, blocks)).toBe(false);
    cluster.runUntil(() => isWhole(cluster, blocks), 30_000);
  });

  it('fewer than w copies left: made anew at once', () => {
    const cluster = Cluster.settled(8, { storage: { writeQuorum: 3 } });
    const blocks = storeMany(cluster, 20);
    cluster.crash(cluster.hosts[3] as Host);
    cluster.run(1_500);
    cluster.runUntil(() => isWhole(cluster, blocks), 10_000);
  });

  it('half of the nodes at the same instant: every block that has a copy has r again', () => {
    const cluster = Cluster.settled(12, { storage: { replicas: 5, writeQuorum: 3 } });
    const blocks = storeMany(cluster, 40);
    for (const host of cluster.hosts.filter((_, index) => index % 2 === 0)) cluster.crash(host);
    cluster.run(2_000);
    cluster.runUntil(() => isWhole(cluster, blocks), 30_000);
  });

  it('a node that returns with an empty disk counts for nothing until it is filled', () => {
    const cluster = Cluster.settled(6);
    const blocks = storeMany(cluster, 20);
    const host = cluster.hosts[2] as Host;
    const formerStoreId = host.disk.storeId;
    cluster.crash(host);
    cluster.run(5_000);
    cluster.replaceDisk(host);
    cluster.start(host);
    cluster.run(200);
    expect(cluster.hosts[1]?.core.syncStateOf(host.contact)?.synced).toBeUndefined();
    expect(host.disk.storeId).not.toBe(formerStoreId);
    cluster.runUntil(() => isWhole(cluster, blocks), 10_000);
  });

  it('the last copy comes home with the node that returns', () => {
    const cluster = Cluster.settled(6);
    const block = cluster.block(size, 0.5);
    const [first, second, third] = cluster.closest(block) as [Host, Host, Host];
    const put = cluster.put(first, block);
    cluster.runUntil(() => put.results.at(-1)?.settled === true);
    for (const host of [first, second, third]) cluster.crash(host);
    cluster.run(30_000);
    expect(cluster.holders(block)).toEqual([]);
    // The two others never return.
    cluster.start(third);
    cluster.runUntil(() => isWhole(cluster, [block]), 10_000);
  });

  it('cold start of all nodes: what is on any disk comes to its replica set', () => {
    const cluster = Cluster.settled(6);
    const blocks = storeMany(cluster, 20);
    for (const host of cluster.hosts) cluster.crash(host);
    cluster.run(5_000);
    for (const [index, host] of cluster.hosts.entries()) {
      cluster.start(host, index === 0 ? 'seeded' : 'joined');
      cluster.run(300);
    }
    cluster.runUntil(() => isWhole(cluster, blocks), 60_000);
  });

  it('the seed of a cold start casts no vote until the others had time to return', () => {
    const cluster = Cluster.settled(4);
    const block = cluster.stored(size, 0.5);
    for (const host of cluster.hosts) cluster.crash(host);
    cluster.run(5_000);
    const [seed, ...others] = [...cluster.hosts].sort((a, b) => Number(a.holds(block)) - Number(b.holds(block))) as [
      Host,
      Host,
      Host,
      Host,
    ];
    expect(seed.holds(block)).toBe(false);
    cluster.start(seed, 'seeded');
    cluster.run(2_000);
    const early = cluster.get(seed, block, 10_000);
    cluster.runUntil(() => early.results.length > 0);
    expect(early.results).toEqual([{ outcome: 'unavailable' }]);
    for (const other of others) cluster.start(other);
    cluster.runUntil(() => isWhole(cluster, [block]), 60_000);
    cluster.run(40_000);
    expect(seed.core.responsibility.synced).toEqual(seed.core.responsibility.arc);
  });

  it('a node without room does not take itself for synced, and does not try without end', () => {
    const cluster = Cluster.settled(6);
    const blocks = storeMany(cluster, 30);
    const joiner = cluster.add(0.51);
    joiner.disk.capacityBytes = 3 * size;
    cluster.start(joiner);
    cluster.run(120_000);
    expect(joiner.core.responsibility.synced).toBeUndefined();
    expect(joiner.sent.filter(({ type }) => type === 'keys').length).toBeLessThan(100);
    joiner.disk.capacityBytes = Number.POSITIVE_INFINITY;
    cluster.runUntil(() => isWhole(cluster, blocks), 180_000);
  });

  it('corrupt copy is detected and repaired', () => {
    const cluster = Cluster.settled(6);
    const block = cluster.stored(size, 0.5);
    const holders = cluster.holders(block);
    for (const holder of holders.slice(0, 2)) holder.disk.spoiled.add(block.key.hex);
    const get = cluster.get(cluster.closest(block).at(-1) as Host, block);
    cluster.runUntil(() => get.results.length > 0);
    expect(get.results[0]?.outcome).toBe('found');
    const asked = holders.filter((holder) => holder.core.counters.corruptBlocks > 0);
    cluster.run(5_000);
    for (const holder of asked) {
      expect(holder.holds(block)).toBe(true);
      expect(holder.disk.spoiled.has(block.key.hex)).toBe(false);
    }
    expect(asked.length + (get.results[0]?.outcome === 'found' ? 1 : 0)).toBeGreaterThanOrEqual(1);
  });

  it('wrong bytes count against the peer, which then looks at its copy', () => {
    const cluster = Cluster.settled(6);
    const block = cluster.stored(size, 0.5);
    const asker = cluster.closest(block).at(-1) as Host;
    let liar: Host | undefined;
    cluster.onOutput = (host, output) => {
      if (liar !== undefined || output.type !== 'transfer') return;
      liar = host;
      host.disk.checksReads = false;
      host.disk.spoiled.add(block.key.hex);
      // From the next read on the disk notices.
      cluster.after(1, () => {
        host.disk.checksReads = true;
      });
    };
    const get = cluster.get(asker, block);
    cluster.runUntil(() => get.results.length > 0);
    expect(get.results[0]).toMatchObject({ outcome: 'found' });
    expect(asker.events).toContainEqual(expect.objectContaining({ type: 'corruptBlock', from: liar?.id }));
    cluster.run(5_000);
    expect(liar?.holds(block)).toBe(true);
    expect(liar?.disk.spoiled.has(block.key.hex)).toBe(false);
  });

  it('a copy that turns out corrupt when it is to be given away is repaired', () => {
    const cluster = Cluster.settled(6);
    const block = cluster.stored(size, 0.5);
    const [giver, taker, third] = cluster.closest(block) as [Host, Host, Host];
    giver.disk.spoiled.add(block.key.hex);
    taker.disk.delete(block.key);
    cluster.dropMessage = (from, _to, { type }) => (from === taker && type === 'keys') || (from === third && type === 'offer');
    cluster.runUntil(() => giver.core.counters.corruptBlocks > 0, 5 * cluster.storage.repairPeriodMs);
    cluster.run(10_000);
    expect(giver.holds(block)).toBe(true);
    expect(giver.disk.spoiled.has(block.key.hex)).toBe(false);
  });

  it('a copy that is missing without any event is found by periodic repair', () => {
    const cluster = Cluster.settled(6);
    const blocks = storeMany(cluster, 20);
    const host = cluster.hosts[4] as Host;
    for (const block of blocks) host.disk.delete(block.key);
    cluster.runUntil(() => isWhole(cluster, blocks), 10 * 60_000);
  });

  it('a node that was stopped for long doubts what it held', () => {
    const cluster = Cluster.settled(6);
    const host = cluster.hosts[2] as Host;
    cluster.step(host, { type: 'timeout', lateMs: 20_000 });
    expect(host.core.responsibility.synced).toBeUndefined();
    cluster.run(5_000);
    expect(host.core.responsibility.synced).toEqual(host.core.responsibility.arc);
  });

  it('surplus copies go only after calm, and the r copies stay', () => {
    const cluster = Cluster.settled(6);
    const blocks = storeMany(cluster, 20);
    for (const place of [0.05, 0.22, 0.4, 0.55, 0.7, 0.9]) cluster.start(cluster.add(place));
    cluster.run(60_000);
    const copies = (): number => blocks.reduce((sum, block) => sum + cluster.holders(block).length, 0);
    expect(copies()).toBeGreaterThan(3 * blocks.length);
    cluster.run(20 * 60_000);
    expect(isWhole(cluster, blocks)).toBe(true);
    expect(copies()).toBe(3 * blocks.length);
  });

  it('a joiner whom nobody answers does not take itself for synced', () => {
    const cluster = Cluster.settled(6);
    const joiner = cluster.add(0.51);
    cluster.dropMessage = (from, to, { type }) => (from === joiner || to === joiner) && (type === 'keys' || type === 'keysReply');
    cluster.start(joiner);
    cluster.run(120_000);
    expect(joiner.core.responsibility.synced).toBeUndefined();
    cluster.dropMessage = () => false;
    cluster.run(30_000);
    expect(joiner.core.responsibility.synced).toEqual(joiner.core.responsibility.arc);
  });

  it('a source that never answers does not keep a joiner from being synced when others vouch for all of it', () => {
    const cluster = Cluster.settled(6);
    const joiner = cluster.add(0.51);
    const mute = cluster.hosts[3] as Host;
    cluster.dropMessage = (_from, to, { type }) => to === mute && type === 'keys';
    cluster.start(joiner);
    cluster.runUntil(() => joiner.core.responsibility.synced !== undefined, 15_000);
    expect(joiner.core.responsibility.synced).toEqual(joiner.core.responsibility.arc);
  });

  it('pages: an arc of many more keys than fit in one is compared to the end', () => {
    const cluster = Cluster.settled(4, { storage: { keysPageLimit: 7 } });
    const blocks = storeMany(cluster, 100);
    cluster.start(cluster.add(0.6));
    cluster.runUntil(() => isWhole(cluster, blocks), 30_000);
  });

  it('repair keeps its bytes in flight bounded', () => {
    const cluster = Cluster.settled(4, { storage: { repairBytesInFlightMax: 3 * size } });
    const blocks = storeMany(cluster, 60);
    const joiner = cluster.add(0.6);
    let inFlightMax = 0;
    cluster.onOutput = () => {
      if (joiner.isAlive) inFlightMax = Math.max(inFlightMax, joiner.core.load.requests);
    };
    cluster.start(joiner);
    cluster.runUntil(() => isWhole(cluster, blocks), 30_000);
    // Up to six reconciliations and three fetches.
    expect(inFlightMax).toBeLessThanOrEqual(10);
  });
});

describe('hand over', () => {
  it('hand over then leave keeps r copies', () => {
    const cluster = Cluster.settled(8);
    const blocks = storeMany(cluster, 40);
    const leaver = cluster.closest(blocks[0] as (typeof blocks)[0])[0] as Host;
    let copiesAtLeave: number[] = [];
    cluster.onOutput = (host, output) => {
      if (output.type === 'handOverDone')
        copiesAtLeave = blocks.map((block) => cluster.holders(block).filter((holder) => holder !== host).length);
    };
    const left = cluster.handOver(leaver);
    cluster.runUntil(() => left.results.length > 0);
    expect(left.results).toEqual([{ outcome: 'handed-over' }]);
    expect(Math.min(...copiesAtLeave)).toBeGreaterThanOrEqual(3);
    cluster.run(5_000);
    expect(isWhole(cluster, blocks)).toBe(true);
    expect(leaver.events).toContainEqual({ type: 'handOverProgress', remaining: 0 });
  });

  it('gets and puts go on while a node hands over', () => {
    const cluster = Cluster.settled(8);
    const blocks = storeMany(cluster, 20);
    const leaver = cluster.hosts[3] as Host;
    const left = cluster.handOver(leaver);
    cluster.run(20);
    const gets = blocks.map((block) => cluster.get(cluster.hosts[7] as Host, block));
    const put = cluster.put(cluster.hosts[6] as Host, cluster.block(size, 3 / 8));
    cluster.runUntil(() => [...gets, put, left].every(({ results }) => results.length > 0));
    for (const { results } of gets) expect(results[0]?.outcome).toBe('found');
    expect(put.results[0]?.outcome).toBe('stored');
  });

  it('without room elsewhere it refuses to go', () => {
    const cluster = Cluster.settled(5);
    storeMany(cluster, 20);
    const leaver = cluster.hosts[1] as Host;
    for (const host of cluster.hosts) if (host !== leaver) host.disk.capacityBytes = 0;
    const left = cluster.handOver(leaver, 10_000);
    cluster.runUntil(() => left.results.length > 0);
    expect(left.results).toEqual([{ outcome: 'no-room' }]);
  });

  it('the only node has nobody to hand over to', () => {
    const cluster = Cluster.settled(1);
    const left = cluster.handOver(cluster.hosts[0] as Host);
    cluster.runUntil(() => left.results.length > 0);
    expect(left.results).toEqual([{ outcome: 'alone' }]);
  });
});

function repairBytes(cluster: Cluster): number {
  return cluster.hosts.reduce((sum, host) => sum + host.core.counters.repairBytes, 0);
}
