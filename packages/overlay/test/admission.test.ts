import { describe, expect, test } from 'vitest';
import {
  type Contact,
  defaultOverlayConfig,
  Id,
  type JoinMessage,
  type JoinRefusedMessage,
  Overlay,
  type OverlayMessage,
  type OverlayOutput,
} from '../src/index.ts';
import { seeded } from './network.ts';

/** The first node of a ring, which one talks to message by message. */
class Gatekeeper {
  readonly overlay: Overlay;
  nowMs = 0;

  constructor(id: Id) {
    this.overlay = new Overlay({
      self: contact(id),
      config: defaultOverlayConfig,
      random: seeded(1),
      previouslyActive: false,
      remembered: [],
    });
    this.overlay.step({ type: 'create' }, this.now);
  }

  get now(): { monoMs: number; wallMs: number } {
    return { monoMs: this.nowMs, wallMs: this.nowMs };
  }

  /** The same, when others have passed it on. */
  hearsay(from: Contact, message: JoinMessage): { to: Contact; message: OverlayMessage }[] {
    return sends(this.overlay.step({ type: 'joinPassedOn', from, message }, this.now));
  }

  /** What it sends when it hears this, but for probes and leaf sets. */
  tell(from: Contact, message: OverlayMessage): { to: Contact; message: OverlayMessage }[] {
    return sends(this.overlay.step({ type: 'message', from, message }, this.now));
  }

  pass(ms: number): { to: Contact; message: OverlayMessage }[] {
    const untilMs = this.nowMs + ms;
    const all: { to: Contact; message: OverlayMessage }[] = [];
    while (this.overlay.nextDeadline() <= untilMs) {
      this.nowMs = this.overlay.nextDeadline();
      all.push(...sends(this.overlay.step({ type: 'timeout', lateMs: 0 }, this.now)));
    }
    this.nowMs = untilMs;
    return all;
  }

  connect(peer: Contact): void {
    this.overlay.step({ type: 'peerConnected', peer }, this.now);
  }

  /** Lets the joiner in, up to its word that it is active. */
  admit(joiner: Contact): void {
    const [grant] = this.tell(joiner, { type: 'joinRequest', attempt: 1 });
    if (grant?.message.type !== 'joinGrant') throw new Error(`${grant?.message.type} instead of a grant`);
    this.commit(joiner, grant.message.token, 1);
    this.activate(joiner);
  }

  commit(joiner: Contact, token: number, attempt: number): { to: Contact; message: OverlayMessage }[] {
    return this.tell(joiner, { type: 'joinCommit', attempt, token, joiner, predecessor: this.overlay.self });
  }

  activate(joiner: Contact): { to: Contact; message: OverlayMessage }[] {
    return this.tell(joiner, { type: 'leafSet', purpose: 'list', status: 'active', named: [], members: [], wanted: [], failed: [] });
  }
}

function sends(outputs: readonly OverlayOutput[]): { to: Contact; message: OverlayMessage }[] {
  return outputs
    .filter((output) => output.type === 'send')
    .filter(({ message }) => message.type.startsWith('join'))
    .map(({ to, message }) => ({ to, message }));
}

function at(top: string): Id {
  return Id.fromHex(top.padEnd(64, '0'));
}

function contact(id: Id): Contact {
  return { id, incarnation: 1, role: 'full', address: new Uint8Array(0), addressSeq: 1 };
}

const [a, b, c] = ['3', '5', '7'].map((top) => contact(at(top))) as [Contact, Contact, Contact];

describe('the gap behind a node', () => {
  test('is granted to one joiner; the next one waits and gets it when the first is active', () => {
    const gatekeeper = new Gatekeeper(at('1'));
    const [grant] = gatekeeper.tell(b, { type: 'joinRequest', attempt: 1 });
    expect(grant?.message).toMatchObject({ type: 'joinGrant', successor: gatekeeper.overlay.self });
    expect(gatekeeper.tell(a, { type: 'joinRequest', attempt: 4 })).toMatchObject([
      { to: a, message: { type: 'joinRefused', reason: 'busy' } },
    ]);

    const { token } = grant!.message as { token: number };
    expect(gatekeeper.commit(b, token, 1)).toMatchObject([{ to: b, message: { type: 'joinCommitted', token } }]);
    // It is let in, but the gap is only free when it says that it is active.
    expect(gatekeeper.activate(b)).toMatchObject([{ to: a, message: { type: 'joinGrant', attempt: 4, successor: b } }]);
  });

  test('a waiting joiner whose place turns out to be elsewhere is sent there', () => {
    const gatekeeper = new Gatekeeper(at('1'));
    const [grant] = gatekeeper.tell(b, { type: 'joinRequest', attempt: 1 });
    gatekeeper.tell(c, { type: 'joinRequest', attempt: 1 });
    gatekeeper.commit(b, (grant!.message as { token: number }).token, 1);
    const [answer] = gatekeeper.activate(b);
    expect(answer).toMatchObject({ to: c, message: { type: 'joinRefused', reason: 'stale' } });
    expect((answer!.message as JoinRefusedMessage).members.map(({ id }) => id.hex)).toContain(b.id.hex);
  });

  test('a joiner that asks again with the same number gets the same grant', () => {
    const gatekeeper = new Gatekeeper(at('1'));
    const first = gatekeeper.tell(b, { type: 'joinRequest', attempt: 1 });
    gatekeeper.nowMs += 100;
    const again = gatekeeper.tell(b, { type: 'joinRequest', attempt: 1 });
    const { token } = first[0]!.message as { token: number };
    expect(again).toMatchObject([{ message: { type: 'joinGrant', token, deadlineMs: defaultOverlayConfig.grantMs - 100 } }]);
  });

  test('a grant that is not used runs out, and the next joiner gets its turn', () => {
    const gatekeeper = new Gatekeeper(at('1'));
    const [grant] = gatekeeper.tell(b, { type: 'joinRequest', attempt: 1 });
    gatekeeper.tell(a, { type: 'joinRequest', attempt: 1 });
    expect(gatekeeper.pass(defaultOverlayConfig.grantMs)).toMatchObject([{ to: a, message: { type: 'joinGrant' } }]);
    const late = gatekeeper.commit(b, (grant!.message as { token: number }).token, 1);
    expect(late).toMatchObject([{ to: b, message: { type: 'joinRefused', reason: 'expired' } }]);
    expect(gatekeeper.overlay.range(1)?.from).toEqual(gatekeeper.overlay.self.id);
  });

  test('a joiner whose connection breaks does not keep the others waiting', () => {
    const gatekeeper = new Gatekeeper(at('1'));
    gatekeeper.tell(b, { type: 'joinRequest', attempt: 1 });
    gatekeeper.tell(a, { type: 'joinRequest', attempt: 1 });
    const outputs = gatekeeper.overlay.step({ type: 'peerDisconnected', id: b.id }, gatekeeper.now);
    expect(sends(outputs)).toMatchObject([{ to: a, message: { type: 'joinGrant' } }]);
  });

  test('a joiner whose commit was given to a successor that then dies is told at once, and gets the gap as it is', () => {
    const gatekeeper = new Gatekeeper(at('1'));
    gatekeeper.admit(b);
    gatekeeper.admit(a);
    const joiner = contact(at('2'));
    const [grant] = gatekeeper.tell(joiner, { type: 'joinRequest', attempt: 1 });
    expect(grant?.message).toMatchObject({ successor: a });
    const { token } = grant!.message as { token: number };
    expect(gatekeeper.commit(joiner, token, 1)).toMatchObject([{ to: a, message: { type: 'joinCommit' } }]);
    const refuse = { type: 'peerUnreachable', incarnation: 1, reason: 'refused' } as const;
    for (const { id } of [a, b]) gatekeeper.overlay.step({ ...refuse, id }, gatekeeper.now);
    const told = gatekeeper.pass(defaultOverlayConfig.grantMs - 1);
    expect(told).toMatchObject([{ to: joiner, message: { type: 'joinRefused', attempt: 1, reason: 'stale' } }]);
    expect(gatekeeper.overlay.replicaSet(joiner.id, 1)).toEqual([gatekeeper.overlay.self]);
    expect(gatekeeper.tell(joiner, { type: 'joinRequest', attempt: 2 })).toMatchObject([{ message: { type: 'joinGrant' } }]);
  });

  test('a joiner that was let in and never becomes active loses its place', () => {
    const gatekeeper = new Gatekeeper(at('1'));
    const [grant] = gatekeeper.tell(b, { type: 'joinRequest', attempt: 1 });
    gatekeeper.commit(b, (grant!.message as { token: number }).token, 1);
    expect(gatekeeper.overlay.replicaSet(b.id, 1)).toEqual([b]);
    gatekeeper.pass(defaultOverlayConfig.grantMs);
    expect(gatekeeper.overlay.replicaSet(b.id, 1)).toEqual([gatekeeper.overlay.self]);
  });

  test('a token that was not given opens nothing', () => {
    const gatekeeper = new Gatekeeper(at('1'));
    expect(gatekeeper.commit(b, 12345, 1)).toMatchObject([{ message: { type: 'joinRefused', reason: 'expired' } }]);
    expect(gatekeeper.overlay.leafSet().clockwise).toEqual([]);
  });

  test('a grant does not hold for another gap than that between the two nodes it names', () => {
    const gatekeeper = new Gatekeeper(at('1'));
    gatekeeper.admit(c);
    const [grant] = gatekeeper.tell(a, { type: 'joinRequest', attempt: 1 });
    expect(grant?.message).toMatchObject({ type: 'joinGrant', successor: c });
    // A node that had been given up is back, on the far side of the joiner.
    gatekeeper.activate(b);
    const answer = gatekeeper.commit(a, (grant!.message as { token: number }).token, 1);
    expect(answer).toMatchObject([{ to: a, message: { type: 'joinRefused', reason: 'stale' } }]);
    expect(gatekeeper.tell(a, { type: 'joinRequest', attempt: 2 })).toMatchObject([{ message: { type: 'joinGrant', successor: b } }]);
  });

  test('the word of the successor is passed on to a joiner that may not hear it', () => {
    const gatekeeper = new Gatekeeper(at('1'));
    gatekeeper.admit(c);
    const [grant] = gatekeeper.tell(a, { type: 'joinRequest', attempt: 1 });
    const { token } = grant!.message as { token: number };
    const word = { type: 'joinCommitted', attempt: 1, token } as const;
    expect(gatekeeper.tell(c, word), 'before the commit').toEqual([]);
    gatekeeper.commit(a, token, 1);
    expect(gatekeeper.tell(b, word), 'of another node').toEqual([]);
    expect(gatekeeper.tell(c, { ...word, token: token + 1 }), 'for another grant').toEqual([]);
    expect(gatekeeper.tell(c, word)).toEqual([{ to: a, message: word }]);
  });

  test('a client is not let in', () => {
    const gatekeeper = new Gatekeeper(at('1'));
    expect(gatekeeper.tell({ ...b, role: 'client' }, { type: 'joinRequest', attempt: 1 })).toEqual([]);
  });
});

describe('a joiner that only others reach', () => {
  /** One that was granted the gap between a node and `b`; another one waits for it. */
  function granted(): { gatekeeper: Gatekeeper; token: number } {
    const gatekeeper = new Gatekeeper(at('1'));
    gatekeeper.admit(b);
    const [grant] = gatekeeper.hearsay(a, { type: 'joinRequest', attempt: 1, joiner: a });
    expect(grant).toMatchObject({ to: a, message: { type: 'joinGrant', attempt: 1, successor: b } });
    gatekeeper.tell(contact(at('2')), { type: 'joinRequest', attempt: 9 });
    return { gatekeeper, token: (grant!.message as { token: number }).token };
  }

  function commit({ gatekeeper, token }: ReturnType<typeof granted>): { to: Contact; message: OverlayMessage }[] {
    return gatekeeper.hearsay(a, { type: 'joinCommit', attempt: 1, token, joiner: a, predecessor: gatekeeper.overlay.self });
  }

  test('keeps its grant though it cannot be dialled, is let in, and frees the gap when it says that it is active', () => {
    const joining = granted();
    const { gatekeeper, token } = joining;
    const unreachable = { type: 'peerUnreachable', id: a.id, incarnation: 1, reason: 'refused' } as const;
    expect(sends(gatekeeper.overlay.step(unreachable, gatekeeper.now))).toEqual([]);
    expect(commit(joining)).toMatchObject([{ to: b, message: { type: 'joinCommit', token } }]);
    expect(gatekeeper.overlay.replicaSet(a.id, 1)).toEqual([a]);
    expect(gatekeeper.overlay.isRelayed(a.id)).toBe(true);
    const told = gatekeeper.hearsay(a, { type: 'joinCommitted', attempt: 1, token });
    expect(told).toMatchObject([{ message: { type: 'joinGrant', attempt: 9, successor: a } }]);
    gatekeeper.pass(defaultOverlayConfig.grantMs);
    expect(gatekeeper.overlay.leafSet().clockwise[0]).toMatchObject({ contact: a, status: 'active' });
  });

  test('that the successor does not hear either is told to be active by the predecessor', () => {
    const joining = granted();
    const { gatekeeper, token } = joining;
    commit(joining);
    const word = { type: 'joinCommitted', attempt: 1, token } as const;
    expect(gatekeeper.tell(b, word)).toEqual([{ to: a, message: word }]);
    expect(gatekeeper.hearsay(a, word)).toContainEqual({ to: b, message: word });
  });

  test('loses the grant that it does not use', () => {
    const { gatekeeper } = granted();
    expect(gatekeeper.pass(defaultOverlayConfig.grantMs)).toMatchObject([{ message: { type: 'joinGrant', attempt: 9 } }]);
  });

  test('is not let in by a token that was not given', () => {
    const { gatekeeper, token } = granted();
    expect(commit({ gatekeeper, token: token + 1 })).toMatchObject([{ to: a, message: { type: 'joinRefused', reason: 'expired' } }]);
  });
});

describe('the successor', () => {
  test('lets a joiner in only when it has the same predecessor', () => {
    const successor = new Gatekeeper(at('9'));
    successor.admit(a);
    successor.connect(b);
    // b is between a and the successor; a knows of nobody there either.
    expect(successor.tell(a, { type: 'joinCommit', attempt: 1, token: 7, joiner: b, predecessor: a })).toMatchObject([
      { to: b, message: { type: 'joinCommitted', token: 7 } },
    ]);
    successor.activate(b);
    // Now there is b, of which a has not heard: c must ask b.
    const [answer] = successor.tell(a, { type: 'joinCommit', attempt: 1, token: 8, joiner: c, predecessor: a });
    expect(answer).toMatchObject({ to: c, message: { type: 'joinRefused', reason: 'stale' } });
    expect((answer!.message as JoinRefusedMessage).members).toContainEqual(b);
  });

  test('believes the predecessor, and nobody else, that a joiner which it does not hear is active', () => {
    const successor = new Gatekeeper(at('9'));
    successor.admit(a);
    successor.tell(a, { type: 'joinCommit', attempt: 1, token: 7, joiner: b, predecessor: a });
    successor.overlay.step({ type: 'peerUnreachable', id: b.id, incarnation: 1, reason: 'timeout' }, successor.now);
    const statusOfJoiner = (): string | undefined =>
      successor.overlay.leafSet().counterClockwise.find(({ contact }) => contact.id.equals(b.id))?.status;
    for (const [from, token] of [
      [c, 7],
      [a, 8],
    ] as const) {
      successor.tell(from, { type: 'joinCommitted', attempt: 1, token });
      expect(statusOfJoiner()).toBe('joining');
    }
    successor.tell(a, { type: 'joinCommitted', attempt: 1, token: 7 });
    expect(statusOfJoiner()).toBe('active');
    expect(successor.overlay.isRelayed(b.id)).toBe(true);
  });

  test('tells the predecessor as well when it has no connection to the joiner', () => {
    const successor = new Gatekeeper(at('9'));
    successor.admit(a);
    const said = { message: { type: 'joinCommitted', attempt: 1, token: 7 } };
    expect(successor.tell(a, { type: 'joinCommit', attempt: 1, token: 7, joiner: b, predecessor: a })).toMatchObject([
      { to: b, ...said },
      { to: a, ...said },
    ]);
  });
});
