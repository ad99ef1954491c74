import { describe, expect, test } from 'vitest';
import { type Contact, defaultOverlayConfig, type JoinGrantMessage, Overlay, type OverlayMessage } from '../src/index.ts';
import { contact, seeded } from './network.ts';

const token = 7;
const attempt = 1;

/** A node that joins a ring, which one plays message by message. */
class Joiner {
  readonly overlay: Overlay;
  nowMs = 0;
  readonly sent: { readonly to: string; readonly message: OverlayMessage }[] = [];

  constructor(self: Contact, remembered: readonly Contact[] = []) {
    const previouslyActive = remembered.length > 0;
    this.overlay = new Overlay({ self, config: defaultOverlayConfig, random: seeded(1), previouslyActive, remembered });
  }

  /** Up to the commit between two nodes that it has been shown. */
  static committing(self: Contact, predecessor: Contact, successor: Contact): Joiner {
    const joiner = new Joiner(self);
    joiner.take({ type: 'join', contacts: [predecessor] });
    const search = joiner.last('route', predecessor);
    const members = [predecessor, successor];
    const found = { request: search.request, root: predecessor.id, incarnation: 1, replicaSet: members, path: [], contacts: [] };
    joiner.hear(predecessor, { type: 'routeReply', ...found });
    expect(joiner.last('joinRequest', predecessor).attempt).toBe(attempt);
    for (const member of members) joiner.hear(member, { type: 'probeReply', nonce: 0, status: 'active', previouslyActive: true });
    const grant: JoinGrantMessage = { type: 'joinGrant', attempt, token, successor, deadlineMs: 5000, members };
    joiner.hear(predecessor, grant);
    expect(joiner.last('joinCommit', predecessor)).toMatchObject({ attempt, token });
    joiner.sent.length = 0;
    return joiner;
  }

  take(input: Parameters<Overlay['step']>[0]): void {
    for (const output of this.overlay.step(input, { monoMs: this.nowMs, wallMs: 0 })) {
      if (output.type === 'send') this.sent.push({ to: output.to.id.hex, message: output.message });
    }
  }

  hear(from: Contact, message: OverlayMessage): void {
    this.take({ type: 'message', from, message });
  }

  last<T extends OverlayMessage['type']>(type: T, to: Contact): OverlayMessage & { type: T } {
    const found = this.sent.findLast((each) => each.message.type === type && each.to === to.id.hex);
    if (found === undefined) throw new Error(`no ${type} to ${to.id}`);
    return found.message as OverlayMessage & { type: T };
  }
}

const [p, x, joining, s] = ['1', '5', '7', '9'].map((top) => contact(top)) as [Contact, Contact, Contact, Contact];

describe('at the commit', () => {
  test('a successor that knows a closer predecessor sends the joiner there at once', () => {
    const joiner = Joiner.committing(joining, p, s);
    const refusal = { attempt, reason: 'stale', retryAfterMs: 0, members: [s, x, p], previouslyActive: true } as const;
    joiner.hear(s, { type: 'joinRefused', ...refusal });
    expect(joiner.last('joinRequest', x).attempt).toBe(attempt + 1);
  });

  test('nobody but the two ends of the gap can refuse', () => {
    const joiner = Joiner.committing(joining, p, s);
    const refusal = { attempt, reason: 'stale', retryAfterMs: 0, members: [x], previouslyActive: true } as const;
    joiner.hear(x, { type: 'joinRefused', ...refusal });
    expect(joiner.sent.filter(({ message }) => message.type === 'joinRequest')).toEqual([]);
    joiner.hear(s, { type: 'joinCommitted', attempt, token });
    expect(joiner.overlay.status).toBe('active');
  });

  test('who guesses the token lets nobody in', () => {
    const joiner = Joiner.committing(joining, p, s);
    joiner.hear(x, { type: 'joinCommitted', attempt, token });
    expect(joiner.overlay.status).toBe('joining');
    joiner.hear(s, { type: 'joinCommitted', attempt, token });
    expect(joiner.overlay.status).toBe('active');
  });

  test('a predecessor that is alone lets the joiner in itself', () => {
    const joiner = Joiner.committing(joining, p, p);
    joiner.hear(p, { type: 'joinCommitted', attempt, token });
    expect(joiner.overlay.status).toBe('active');
  });
});

describe('when the predecessor cannot be reached', () => {
  const refuse = { type: 'peerUnreachable', id: p.id, incarnation: 1, reason: 'refused' } as const;
  const alive = { type: 'probeReply', nonce: 0, status: 'active', previouslyActive: true } as const;

  /** A joiner that has found its place through the successor. */
  function found(): Joiner {
    const joiner = new Joiner(joining);
    joiner.take({ type: 'join', contacts: [s] });
    const { request } = joiner.last('route', s);
    joiner.hear(s, { type: 'routeReply', request, root: s.id, incarnation: 1, replicaSet: [p, s], path: [], contacts: [] });
    expect(joiner.last('joinRequest', p)).toEqual({ type: 'joinRequest', attempt: 1 });
    return joiner;
  }

  /** The successor says that it reaches the predecessor. */
  function vouch(joiner: Joiner): void {
    const { nonce } = joiner.last('indirectProbe', s);
    joiner.hear(s, { type: 'indirectReply', nonce, target: p.id, outcome: 'alive' });
  }

  test('it is asked with this node’s contact, as soon as another reaches it, and told in the end that this node is active', () => {
    const joiner = found();
    joiner.hear(s, alive);
    joiner.take(refuse);
    vouch(joiner);
    expect(joiner.last('joinRequest', p)).toEqual({ type: 'joinRequest', attempt, joiner: joining });
    const grant: JoinGrantMessage = { type: 'joinGrant', attempt, token, successor: s, deadlineMs: 5000, members: [p, s] };
    joiner.take({ type: 'joinPassedOn', from: p, message: grant });
    expect(joiner.last('joinCommit', p)).toMatchObject({ attempt, token });
    const committed = { type: 'joinCommitted', attempt, token } as const;
    joiner.hear(s, committed);
    expect(joiner.overlay.status).toBe('active');
    expect(joiner.last('joinCommitted', p)).toEqual(committed);
    expect(joiner.overlay.isRelayed(p.id)).toBe(true);
  });

  test('it is asked for anew by those who name it, though it was taken for dead while nobody was known who could have said better', () => {
    const joiner = found();
    joiner.take(refuse);
    // Nobody is left behind this node but the successor itself, which knows better.
    const { attempt: asked } = joiner.last('joinRequest', s);
    joiner.hear(s, alive);
    joiner.hear(s, { type: 'joinRefused', attempt: asked, reason: 'stale', retryAfterMs: 0, members: [s, p], previouslyActive: true });
    joiner.take(refuse);
    vouch(joiner);
    expect(joiner.overlay.isRelayed(p.id)).toBe(true);
  });

  test('and does not answer through others either, it is looked into whether it lives', () => {
    const joiner = found();
    joiner.hear(s, alive);
    joiner.take(refuse);
    vouch(joiner);
    joiner.sent.length = 0;
    for (let timers = 0; timers < 10 && joiner.overlay.isLeaf(p.id); timers++) {
      joiner.nowMs = joiner.overlay.nextDeadline();
      joiner.take({ type: 'timeout', lateMs: 0 });
    }
    expect(joiner.last('probe', p)).toMatchObject({ status: 'joining' });
    expect(joiner.overlay.isLeaf(p.id)).toBe(false);
  });
});

describe('among nodes that are slow to answer', () => {
  const alive = { type: 'probeReply', nonce: 0, status: 'active', previouslyActive: true } as const;

  /** Behind the successor. */
  const beyond = contact('b');

  /** A joiner that has found its place; nobody there has answered it yet. That its own timers come late makes it patient with others. */
  function asking(): Joiner {
    const joiner = new Joiner(joining);
    for (let stalls = 0; stalls < 4; stalls++) joiner.take({ type: 'timeout', lateMs: 300 });
    joiner.take({ type: 'join', contacts: [p] });
    const { request } = joiner.last('route', p);
    joiner.hear(p, { type: 'routeReply', request, root: p.id, incarnation: 1, replicaSet: [p, s], path: [], contacts: [] });
    return joiner;
  }

  /** Lets time pass until then. */
  function wait(joiner: Joiner, untilMs: number): void {
    for (let timers = 0; timers < 100 && joiner.overlay.nextDeadline() <= untilMs; timers++) {
      joiner.nowMs = joiner.overlay.nextDeadline();
      joiner.take({ type: 'timeout', lateMs: 0 });
    }
    joiner.nowMs = untilMs;
  }

  const grant: JoinGrantMessage = { type: 'joinGrant', attempt, token, successor: s, deadlineMs: 5000, members: [p, s, beyond] };

  test('a grant that comes when the predecessor was asked once more is as good', () => {
    const joiner = asking();
    for (const member of [p, s]) joiner.hear(member, alive);
    joiner.sent.length = 0;
    wait(joiner, 8_000);
    expect(joiner.last('joinRequest', p).attempt).toBe(attempt);
    joiner.hear(p, { ...grant, members: [p, s] });
    expect(joiner.last('joinCommit', p)).toMatchObject({ attempt, token });
  });

  test('one that does not answer holds nobody up for longer than half of the grant, if it is not an end of the gap', () => {
    const joiner = asking();
    for (const member of [p, s]) joiner.hear(member, alive);
    joiner.hear(p, grant);
    expect(joiner.sent.filter(({ message }) => message.type === 'joinCommit')).toEqual([]);
    wait(joiner, 2_499);
    expect(joiner.overlay.isLeaf(beyond.id)).toBe(false);
    expect(joiner.sent.filter(({ message }) => message.type === 'joinCommit')).toEqual([]);
    wait(joiner, 2_500);
    expect(joiner.last('joinCommit', p)).toMatchObject({ attempt, token });
    joiner.hear(s, { type: 'joinCommitted', attempt, token });
    expect(joiner.overlay.status).toBe('active');
    // Its answer still counts.
    joiner.hear(beyond, alive);
    expect(joiner.overlay.isLeaf(beyond.id)).toBe(true);
  });

  test('nobody enters a gap of whose ends one has not answered', () => {
    const joiner = asking();
    joiner.hear(p, alive);
    joiner.hear(p, grant);
    wait(joiner, 2_500);
    expect(joiner.sent.filter(({ message }) => message.type === 'joinCommit')).toEqual([]);
  });

  test('a member that dies meanwhile is nothing to ask the others about: the leaf set is filled when this node is in', () => {
    const joiner = asking();
    const others = ['72', '74', '76', '78', '7a', '7c'].map((top) => contact(top));
    joiner.hear(p, { ...grant, members: [p, s, ...others] });
    for (const member of others) joiner.hear(member, alive);
    const [first] = others as [Contact];
    joiner.take({ type: 'peerUnreachable', id: first.id, incarnation: 1, reason: 'refused' });
    for (const witness of others) {
      const asked = joiner.sent.find(({ to, message }) => message.type === 'indirectProbe' && to === witness.id.hex)?.message;
      if (asked?.type !== 'indirectProbe') continue;
      joiner.hear(witness, { type: 'indirectReply', nonce: asked.nonce, target: first.id, outcome: 'refused' });
    }
    wait(joiner, 1_400);
    expect(joiner.overlay.isLeaf(first.id)).toBe(false);
    expect(joiner.sent.filter(({ message }) => message.type === 'leafSet')).toEqual([]);
  });
});

describe('over a line so slow that answers come when nobody waits for them any more', () => {
  /** A joiner whose search stayed unanswered, with that search. */
  function unanswered(): { readonly joiner: Joiner; readonly search: OverlayMessage & { type: 'route' } } {
    const joiner = new Joiner(joining);
    joiner.take({ type: 'join', contacts: [p] });
    const search = joiner.last('route', p);
    joiner.nowMs = 600;
    joiner.take({ type: 'timeout', lateMs: 0 });
    joiner.sent.length = 0;
    return { joiner, search };
  }

  test('the answer to a search that was given up is as good', () => {
    const { joiner, search } = unanswered();
    joiner.hear(p, { type: 'routeReply', request: search.request, root: p.id, incarnation: 1, replicaSet: [p, s], path: [], contacts: [] });
    expect(joiner.last('joinRequest', p).attempt).toBe(attempt);
  });

  test('more words of a node that was asked before do not end the pause', () => {
    const { joiner } = unanswered();
    const searches = (): number => joiner.sent.filter(({ message }) => message.type === 'route').length;
    const word = { type: 'probeReply', nonce: 0, status: 'active', previouslyActive: true } as const;
    joiner.hear(p, word);
    // That it is active was news. This attempt goes unanswered as well.
    expect(searches()).toBe(1);
    joiner.nowMs = 1_200;
    joiner.take({ type: 'timeout', lateMs: 0 });
    joiner.hear(p, word);
    expect(searches()).toBe(1);
    joiner.hear(x, word);
    expect(searches()).toBeGreaterThan(1);
  });
});

describe('a node that comes back', () => {
  const remembered = Array.from({ length: 40 }, (_, i) => contact(`6${(i + 10).toString(16).padStart(2, '0')}`));

  /** Whom it has probed until then, of those it remembers and was not told of. */
  function probed(untilMs: number, before: (returned: Joiner) => void = () => undefined): number {
    const returned = new Joiner(joining, remembered);
    returned.take({ type: 'join', contacts: [p] });
    before(returned);
    for (returned.nowMs = 0; returned.nowMs < untilMs; returned.nowMs += 100) returned.take({ type: 'timeout', lateMs: 0 });
    const probes = returned.sent.filter(({ message }) => message.type === 'probe').map(({ to }) => to);
    return remembered.filter(({ id }) => probes.includes(id.hex)).length;
  }

  test('asks a few of those it remembers when nobody answers, then more, and all of them in the end', () => {
    expect([1_500, 4_000, 9_000].map((untilMs) => probed(untilMs))).toEqual([
      4,
      expect.toSatisfy((count) => count >= 16 && count <= 20),
      40,
    ]);
  });

  test('leaves them alone once its join has found a ring', () => {
    const find = (returned: Joiner): void => {
      const { request } = returned.last('route', p);
      returned.hear(p, { type: 'routeReply', request, root: p.id, incarnation: 1, replicaSet: [p, s], path: [], contacts: [] });
    };
    expect(probed(1_500, find)).toBe(0);
  });

  test('leaves them alone once an active node was heard: where one is there is a ring', () => {
    const alive = { type: 'probeReply', nonce: 0, status: 'active', previouslyActive: true } as const;
    // But for those through whom it tries to join.
    expect(probed(9_000, (returned) => returned.hear(p, alive))).toBeLessThan(remembered.length / 4);
  });
});
