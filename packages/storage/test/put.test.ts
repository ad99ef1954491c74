import { describe, expect, it } from 'vitest';
import type { CoreOutput } from '../src/index.ts';
import { Cluster, type Host } from './cluster.ts';

const small = 10 * 1024;
const large = 256 * 1024;

const isAcknowledged = (output: CoreOutput): boolean => output.type === 'putDone' && output.result.outcome === 'stored';

describe('put', () => {
  for (const size of [small, large]) {
    it(`acknowledged only after w durable writes: ${size} bytes`, () => {
      const cluster = Cluster.settled(8);
      const block = cluster.block(size);
      let copiesAtAcknowledgement = -1;
      cluster.onOutput = (_host, output) => {
        if (isAcknowledged(output) && copiesAtAcknowledgement < 0) copiesAtAcknowledgement = cluster.holders(block).length;
      };
      const put = cluster.put(cluster.hosts[0] as Host, block);
      cluster.runUntil(() => put.results.at(-1)?.settled === true);
      expect(copiesAtAcknowledgement).toBeGreaterThanOrEqual(2);
      expect(put.results.at(-1)).toMatchObject({ outcome: 'stored', shortfall: 'none' });
      expect(cluster.holders(block)).toEqual(expect.arrayContaining(cluster.closest(block).slice(0, 3)));
      expect(
        put.results
          .at(-1)
          ?.holders.map(({ storeId }) => storeId)
          .sort(),
      ).toEqual(
        cluster
          .closest(block)
          .slice(0, 3)
          .map(({ disk }) => disk.storeId)
          .sort(),
      );
      cluster.run(60_000);
      cluster.expectNothingLeft();
    });
  }

  it('the initiator sends the bytes once', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.block(large, 0.5);
    const initiator = cluster.hosts[0] as Host;
    const put = cluster.put(initiator, block);
    cluster.runUntil(() => put.results.at(-1)?.settled === true);
    expect(initiator.transferred.filter(({ purpose }) => purpose === 'put')).toHaveLength(1);
    expect(initiator.transferred).toHaveLength(1);
  });

  it('coordinator crashes between write and acknowledgement', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.block(large, 0.5);
    let crashed: Host | undefined;
    cluster.onOutput = (host, output) => {
      if (crashed !== undefined || output.type !== 'send' || output.message.type !== 'putResult') return;
      crashed = host;
      cluster.crash(host);
    };
    const put = cluster.put(cluster.hosts[0] as Host, block);
    cluster.runUntil(() => put.results.at(-1)?.settled === true);
    expect(crashed?.holds(block)).toBe(true);
    expect(put.results.at(-1)).toMatchObject({ outcome: 'stored', shortfall: 'none' });
    for (const { node } of put.results.at(-1)?.holders ?? []) expect(node.id.equals((crashed as Host).id)).toBe(false);
    expect(cluster.holders(block).length).toBeGreaterThanOrEqual(3);
  });

  it('coordinator crashes before it has the bytes', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.block(large, 0.5);
    let crashed: Host | undefined;
    cluster.onOutput = (host, output) => {
      if (crashed !== undefined || output.type !== 'send' || output.message.type !== 'offerReply') return;
      crashed = host;
      cluster.crash(host);
    };
    const put = cluster.put(cluster.hosts[0] as Host, block);
    cluster.runUntil(() => put.results.length > 0);
    expect(crashed).toBeDefined();
    expect(put.results[0]?.outcome).toBe('stored');
  });

  it('a coordinator that falls silent is passed over', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.block(large, 0.5);
    let cutOff: Host | undefined;
    cluster.onOutput = (host, output) => {
      if (cutOff !== undefined || output.type !== 'send' || output.message.type !== 'offerReply') return;
      cutOff = host;
      cluster.cutOff(host, 60_000);
    };
    const put = cluster.put(cluster.hosts[0] as Host, block);
    cluster.runUntil(() => put.results.length > 0);
    expect(put.results[0]?.outcome).toBe('stored');
  });

  it('full replica is replaced by the next closest', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.block(large, 0.5);
    const [first, second, third, fourth] = cluster.closest(block) as [Host, Host, Host, Host];
    second.disk.capacityBytes = 0;
    const put = cluster.put(cluster.hosts[0] as Host, block);
    cluster.runUntil(() => put.results.at(-1)?.settled === true);
    expect(put.results.at(-1)).toMatchObject({ outcome: 'stored', shortfall: 'none' });
    expect(new Set(cluster.holders(block))).toEqual(new Set([first, third, fourth]));
  });

  it('silent replica is replaced by the next closest', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.block(large, 0.5);
    const [first, second, third, fourth] = cluster.closest(block) as [Host, Host, Host, Host];
    cluster.dropMessage = (_from, to, message) => to === second && message.type === 'offer' && message.purpose === 'replicate';
    const put = cluster.put(first, block);
    cluster.runUntil(() => put.results.at(-1)?.settled === true);
    expect(put.results.at(-1)?.shortfall).toBe('none');
    expect(new Set(cluster.holders(block))).toEqual(new Set([first, third, fourth]));
  });

  it('every disk is full: refused as full, and nothing is left behind', () => {
    const cluster = Cluster.settled(5);
    for (const { disk } of cluster.hosts) disk.capacityBytes = 0;
    const put = cluster.put(cluster.hosts[0] as Host, cluster.block(large));
    cluster.runUntil(() => put.results.length > 0);
    expect(put.results).toMatchObject([{ outcome: 'full', holders: [], settled: true, shortfall: 'full' }]);
    cluster.run(60_000);
    cluster.expectNothingLeft();
  });

  it('a ring smaller than w says so, and the copy stays', () => {
    const cluster = Cluster.settled(1);
    const block = cluster.block(large);
    const put = cluster.put(cluster.hosts[0] as Host, block);
    cluster.runUntil(() => put.results.length > 0);
    expect(put.results).toMatchObject([{ outcome: 'below-w', settled: true, shortfall: 'too-few-nodes' }]);
    expect(put.results[0]?.holders).toHaveLength(1);
    expect(cluster.hosts[0]?.holds(block)).toBe(true);
  });

  it('a ring of w nodes stores and names the shortfall', () => {
    const cluster = Cluster.settled(2);
    const put = cluster.put(cluster.hosts[0] as Host, cluster.block(large));
    cluster.runUntil(() => put.results.at(-1)?.settled === true);
    expect(put.results.at(-1)).toMatchObject({ outcome: 'stored', shortfall: 'too-few-nodes' });
  });

  it('the same block from two initiators at once is written once on each replica', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.block(large, 0.5);
    let writes = 0;
    cluster.onOutput = (_host, output) => {
      if (output.type === 'write') writes++;
    };
    const puts = [0, 1].map((index) => cluster.put(cluster.hosts[index] as Host, block));
    cluster.runUntil(() => puts.every(({ results }) => results.at(-1)?.settled === true));
    for (const { results } of puts) expect(results.at(-1)).toMatchObject({ outcome: 'stored', shortfall: 'none' });
    expect(writes).toBe(3);
    cluster.run(60_000);
    cluster.expectNothingLeft();
  });

  it('putting a block again moves no bytes', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.stored(large, 0.5);
    const before = cluster.hosts.flatMap(({ transferred }) => transferred).length;
    const put = cluster.put(cluster.hosts[1] as Host, block);
    cluster.runUntil(() => put.results.at(-1)?.settled === true);
    expect(put.results.at(-1)).toMatchObject({ outcome: 'stored', shortfall: 'none' });
    expect(cluster.hosts.flatMap(({ transferred }) => transferred)).toHaveLength(before);
  });

  it('more bytes than a node takes at once wait for their turn, and all arrive', () => {
    const cluster = Cluster.settled(8, { storage: { incomingBytesMax: 2 * large } });
    const initiator = cluster.hosts[0] as Host;
    let heldMax = 0;
    cluster.onOutput = () => {
      for (const host of cluster.hosts) if (host !== initiator) heldMax = Math.max(heldMax, host.handles.size);
    };
    const puts = Array.from({ length: 30 }, () => cluster.put(initiator, cluster.block(large, 0.5)));
    cluster.runUntil(() => puts.every(({ results }) => results.at(-1)?.settled === true));
    for (const { results } of puts) expect(results.at(-1)).toMatchObject({ outcome: 'stored', shortfall: 'none' });
    // Two at the one coordinator, and no more than two at each replica.
    expect(heldMax).toBe(2);
  });

  it('a copy on a disk that was replaced meanwhile does not count', () => {
    const cluster = Cluster.settled(8);
    const block = cluster.block(large, 0.5);
    const [first, second, third] = cluster.closest(block) as [Host, Host, Host];
    // The coordinator waits for its own disk and the third node while the second one loses the disk that it has written to.
    first.disk.writeMs = third.disk.writeMs = 1_500;
    const put = cluster.put(first, block);
    cluster.runUntil(() => second.holds(block));
    cluster.run(50);
    cluster.crash(second);
    cluster.replaceDisk(second);
    cluster.run(200);
    cluster.start(second);
    cluster.runUntil(() => put.results.at(-1)?.settled === true);
    expect(put.results.at(-1)).toMatchObject({ outcome: 'stored', shortfall: 'none' });
    const live = new Set(cluster.alive.map(({ disk }) => disk.storeId));
    expect(put.results.at(-1)?.holders.every(({ storeId }) => live.has(storeId))).toBe(true);
  });

  it('refuses more requests than it can follow, and lets their bytes go', () => {
    const cluster = Cluster.settled(8, { storage: { requestsMax: 20 } });
    const puts = Array.from({ length: 40 }, () => cluster.put(cluster.hosts[0] as Host, cluster.block(large, 0.5)));
    cluster.runUntil(() => puts.every(({ results }) => results.at(-1)?.settled === true));
    const outcomes = puts.map(({ results }) => results.at(-1)?.outcome);
    expect(outcomes.filter((outcome) => outcome === 'stored').length).toBeGreaterThanOrEqual(19);
    expect(outcomes.filter((outcome) => outcome === 'timeout').length).toBeGreaterThan(0);
    cluster.run(60_000);
    cluster.expectNothingLeft();
  });

  it('a cancelled put lets its bytes go', () => {
    const cluster = Cluster.settled(8);
    const host = cluster.hosts[0] as Host;
    const put = cluster.put(host, cluster.block(large, 0.5));
    cluster.step(host, { type: 'cancel', ref: 0 });
    expect(put.results).toMatchObject([{ outcome: 'cancelled', settled: true }]);
    cluster.run(60_000);
    cluster.expectNothingLeft();
  });
});
