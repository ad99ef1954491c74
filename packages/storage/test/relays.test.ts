import { type Contact, Id } from '@dht/overlay';
import { describe, expect, it } from 'vitest';
import type { CoreOutput, Mail, Message } from '../src/index.ts';
import { Cluster, type Host } from './cluster.ts';

const small = 10 * 1024;
const large = 256 * 1024;

/** Six nodes, and a block whose replica set is the first three of `closest`. */
function sixNodes(size: number): { cluster: Cluster; block: ReturnType<Cluster['block']>; closest: readonly Host[] } {
  const cluster = Cluster.settled(6);
  const block = cluster.block(size, 0.51);
  return { cluster, block, closest: cluster.closest(block) };
}

/** What the cores sent, from whom and to whom, in its order. */
function listen(cluster: Cluster): { from: Host; to: Contact; message: Message }[] {
  const sent: { from: Host; to: Contact; message: Message }[] = [];
  cluster.onOutput = (from, output: CoreOutput) => {
    if (output.type === 'send') sent.push({ from, to: output.to, message: output.message });
  };
  return sent;
}

const mail: Mail = { type: 'syncState', storeId: '00'.repeat(16) };

describe('members that only others reach', () => {
  for (const size of [small, large]) {
    it(`a coordinator gives the block to a member through one that holds it: ${size} bytes`, () => {
      const { cluster, block, closest } = sixNodes(size);
      const [root, apart] = closest as [Host, Host];
      cluster.cut(root, apart);
      const put = cluster.put(root, block);
      const atMs = cluster.nowMs;
      cluster.runUntil(() => put.results.at(-1)?.settled === true);
      expect(put.results.at(-1)).toMatchObject({ outcome: 'stored', shortfall: 'none' });
      expect(cluster.holders(block)).toEqual(expect.arrayContaining(closest.slice(0, 3)));
      expect(cluster.holders(block)).toHaveLength(3);
      expect(cluster.nowMs - atMs, 'nobody waits for an answer that does not come').toBeLessThan(cluster.storage.offerTimeoutMs);
      cluster.run(60_000);
      cluster.expectNothingLeft();
    });
  }

  it('nobody is left who could pass a block on: the next closest takes it, and the receipt says so', () => {
    const { cluster, block, closest } = sixNodes(large);
    const [root, apart, third] = closest as [Host, Host, Host];
    cluster.cut(root, apart);
    cluster.cut(third, apart);
    const put = cluster.put(root, block);
    cluster.runUntil(() => put.results.at(-1)?.settled === true);
    const held = put.results.at(-1)?.holders.map(({ node }) => cluster.hosts.find(({ id }) => id.equals(node.id)));
    expect(put.results.at(-1)).toMatchObject({ outcome: 'stored', shortfall: 'none' });
    expect(held).toEqual(expect.arrayContaining([root, third]));
    for (const host of held ?? []) expect(host?.holds(block)).toBe(true);
  });

  it('that nobody has a key is said by members out of reach as well', () => {
    const { cluster, block, closest } = sixNodes(small);
    const [root, apart] = closest as [Host, Host];
    cluster.cut(root, apart);
    const get = cluster.get(root, block);
    cluster.runUntil(() => get.results.length > 0);
    expect(get.results).toEqual([{ outcome: 'not-found' }]);
  });

  it('a copy that only a member out of reach has is fetched from another that got it', () => {
    const { cluster, block, closest } = sixNodes(small);
    const [root, apart, third] = closest as [Host, Host, Host];
    const put = cluster.put(closest[4] as Host, block);
    cluster.runUntil(() => put.results.at(-1)?.settled === true);
    for (const { disk } of [root, third]) disk.delete(block.key);
    cluster.cut(root, apart);
    cluster.runUntil(() => root.holds(block) && third.holds(block), 10 * 60_000);
  });

  it('a node hands over although it does not reach one of its neighbours', () => {
    const { cluster, block, closest } = sixNodes(small);
    const [root, apart] = closest as [Host, Host];
    const put = cluster.put(root, block);
    cluster.runUntil(() => put.results.at(-1)?.settled === true);
    cluster.cut(root, apart);
    const handOver = cluster.handOver(root, 20_000);
    cluster.runUntil(() => handOver.results.length > 0);
    expect(handOver.results).toEqual([{ outcome: 'handed-over' }]);
  });
});

describe('mail is passed on', () => {
  const relay = (to: Host, incarnation: number = to.incarnation): Message => ({ type: 'relay', to: { id: to.id, incarnation }, mail });

  it('once, between members', () => {
    const cluster = Cluster.settled(6);
    const [from, via, to] = cluster.hosts as [Host, Host, Host];
    const sent = listen(cluster);
    cluster.step(via, { type: 'message', from: from.contact, message: relay(to) });
    const { id, incarnation } = from;
    expect(sent).toEqual([{ from: via, to: to.contact, message: { type: 'relayed', from: { id, incarnation }, mail } }]);
  });

  it.each<[string, (from: Host, via: Host, to: Host, cluster: Cluster) => void]>([
    ['to one that it does not reach', (_from, via, to, cluster) => cluster.cut(via, to)],
    ['to one that is no member', (_from, via, to) => via.overlay.lose(to.contact, true)],
    ['for one that is no member', (from, via) => via.overlay.lose(from.contact, true)],
  ])('by nobody %s', (_name, prepare) => {
    const cluster = Cluster.settled(6);
    const [from, via, to] = cluster.hosts as [Host, Host, Host];
    prepare(from, via, to, cluster);
    const sent = listen(cluster);
    cluster.step(via, { type: 'message', from: from.contact, message: relay(to) });
    expect(sent).toEqual([]);
  });

  it('not to an earlier life, and not to who passes it on', () => {
    const cluster = Cluster.settled(6);
    const [from, via, to] = cluster.hosts as [Host, Host, Host];
    const sent = listen(cluster);
    cluster.step(via, { type: 'message', from: from.contact, message: relay(to, to.incarnation - 1) });
    cluster.step(via, { type: 'message', from: from.contact, message: relay(via) });
    expect(sent).toEqual([]);
  });
});

describe('mail that was passed on is answered', () => {
  const question: Mail = { type: 'have', request: { origin: Id.fromHex('ab'.repeat(32)), incarnation: 1, counter: 1 }, keys: [] };
  const relayed = ({ id, incarnation }: Host): Message => ({ type: 'relayed', from: { id, incarnation }, mail: question });

  it('the same way', () => {
    const cluster = Cluster.settled(6);
    const [from, via, to] = cluster.hosts as [Host, Host, Host];
    cluster.cut(from, to);
    const sent = listen(cluster);
    cluster.step(to, { type: 'message', from: via.contact, message: relayed(from) });
    cluster.runUntil(() => sent.length > 0);
    expect(sent[0]).toMatchObject({ to: via.contact, message: { type: 'relay', mail: { type: 'haveReply' } } });
  });

  it.each<[string, (from: Host, via: Host, to: Host) => void]>([
    ['it hears itself', () => {}],
    ['is no member', (from, _via, to) => to.overlay.lose(from.contact, true)],
  ])('not when the sender %s', (_name, prepare) => {
    const cluster = Cluster.settled(6);
    const [from, via, to] = cluster.hosts as [Host, Host, Host];
    prepare(from, via, to);
    const sent = listen(cluster);
    cluster.step(to, { type: 'message', from: via.contact, message: relayed(from) });
    cluster.run(100);
    expect(sent.filter(({ from: host }) => host === to)).toEqual([]);
  });
});

describe('the steps of a join are passed on', () => {
  const [joiner, another] = ['71', '72'].map(
    (byte): Contact => ({ id: Id.fromHex(byte.repeat(32)), incarnation: 4, role: 'full', address: new Uint8Array(0), addressSeq: 1 }),
  ) as [Contact, Contact];
  const life = ({ id, incarnation }: Contact): { id: Id; incarnation: number } => ({ id, incarnation });
  const request: Mail = { type: 'joinRequest', attempt: 1, joiner };
  const committed: Mail = { type: 'joinCommitted', attempt: 1, token: 2 };
  const refused: Mail = { type: 'joinRefused', attempt: 1, reason: 'stale', retryAfterMs: 0, members: [], previouslyActive: true };

  /** Members, of which one is connected to two joiners, and what that one sends. */
  function beside(): { cluster: Cluster; via: Host; member: Host; told: (from: Contact, to: Contact, mail: Mail) => unknown[] } {
    const cluster = Cluster.settled(6);
    const [via, member] = cluster.hosts as [Host, Host];
    for (const contact of [joiner, another]) via.overlay.strangers.set(contact.id.hex, contact);
    const sent = listen(cluster);
    const told = (from: Contact, to: Contact, mail: Mail): unknown[] => {
      cluster.step(via, { type: 'message', from, message: { type: 'relay', to: life(to), mail } });
      return sent.splice(0).map(({ to, message }) => ({ to, message }));
    };
    return { cluster, via, member, told };
  }

  it('from a joiner to a member, and back', () => {
    const { member, told } = beside();
    expect(told(joiner, member.contact, request)).toEqual([
      { to: member.contact, message: { type: 'relayed', from: life(joiner), mail: request } },
    ]);
    expect(told(member.contact, joiner, refused)).toEqual([
      { to: joiner, message: { type: 'relayed', from: life(member.contact), mail: refused } },
    ]);
  });

  it('and nothing else to or from a joiner, nor between two of them', () => {
    const { member, told } = beside();
    expect(told(joiner, member.contact, mail)).toEqual([]);
    expect(told(member.contact, joiner, mail)).toEqual([]);
    expect(told(joiner, member.contact, refused)).toEqual([]);
    expect(told(member.contact, joiner, request)).toEqual([]);
    expect(told(joiner, another, committed)).toEqual([]);
    expect(told(member.contact, { ...joiner, incarnation: 3 }, refused)).toEqual([]);
  });

  it('to a member that believes them of the joiner that they name, as long as it does not hear that itself', () => {
    const { cluster, via, member } = beside();
    const take = (from: Contact): number => {
      cluster.step(member, { type: 'message', from: via.contact, message: { type: 'relayed', from: life(from), mail: request } });
      return member.overlay.joinMail.splice(0).length;
    };
    expect(take(joiner)).toBe(1);
    expect(take(another), 'in the name of another').toBe(0);
    member.overlay.strangers.set(joiner.id.hex, joiner);
    expect(take(joiner), 'to which it is connected').toBe(0);
  });

  it('to a joiner, which takes nothing else in this way', () => {
    const { cluster, via, member } = beside();
    const [, , apart] = cluster.hosts as [Host, Host, Host];
    cluster.cut(member, apart);
    apart.overlay.status = 'joining';
    const take = (passedOn: Mail): number => {
      const message: Message = { type: 'relayed', from: life(member.contact), mail: passedOn };
      cluster.step(apart, { type: 'message', from: via.contact, message });
      return apart.overlay.joinMail.splice(0).length;
    };
    expect([refused, committed, request, mail].map(take)).toEqual([1, 1, 0, 0]);
  });
});
