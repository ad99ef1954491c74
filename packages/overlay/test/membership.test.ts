import { beforeEach, describe, expect, test } from 'vitest';
import { type Contact, defaultOverlayConfig, type FailedEntry, Id, Overlay, type OverlayMessage } from '../src/index.ts';
import { nameOf } from '../src/member-name.ts';
import { probeKey } from '../src/router.ts';
import { contact, seeded } from './network.ts';

const second = 1000;
const contacts = ['1', '3', '5', '7', '6'].map(contact) as [Contact, Contact, Contact, Contact, Contact];
const [left, self, right, far, newcomer] = contacts;

describe('a member that asked for this node over the ring', () => {
  let overlay: Overlay;
  let nowMs: number;
  const dead = new Set<string>();

  beforeEach(() => {
    overlay = new Overlay({ self, config: defaultOverlayConfig, random: seeded(1), previouslyActive: false, remembered: [] });
    nowMs = 0;
    dead.clear();
    overlay.step({ type: 'establish', leafSet: [left, right, far], table: [] }, now());
    pass(20 * second);
  });

  test('is asked itself when others say a moment later that it failed', () => {
    hear(left, routedProbe(far));
    nowMs += 100;
    hear(left, leafSet([], [{ id: far.id, incarnation: 1, ageMs: 200 }]));
    expect(targetsOf(pass(second))).toContain(far.id.hex);
  });

  test('is asked itself before anybody else when it is connected, and is left in peace when it answers', () => {
    connect(right, far);
    hear(left, leafSet([], [{ id: far.id, incarnation: 1, ageMs: 0 }]));
    const sent = pass(second);
    expect(targetsOf(sent)).toContain(far.id.hex);
    expect(witnessesIn(sent)).toEqual([]);
    expect(members()).toContain(far.id.hex);
  });

  test('is asked for by others as well when it is connected and stays silent, and then it has failed', () => {
    connect(right, far);
    dead.add(far.id.hex);
    hear(left, leafSet([], [{ id: far.id, incarnation: 1, ageMs: 0 }]));
    expect(witnessesIn(pass(2 * second)).length).toBeGreaterThan(0);
    expect(members()).not.toContain(far.id.hex);
  });

  test('is known by the beginning of its id', () => {
    dead.add(far.id.hex);
    hear(left, leafSet([], [{ id: Id.startingWith(far.id.hex.slice(0, 12)), incarnation: 1, ageMs: 0 }]));
    expect(targetsOf(pass(second))).toContain(far.id.hex);
  });

  test('is asked itself when a neighbour beyond it does not list it', () => {
    hear(right, routedProbe(far));
    hear(left, { ...leafSet([], []), purpose: 'list', named: [self, right].map(nameOf) });
    expect(targetsOf(pass(second))).toContain(far.id.hex);
  });

  test('is taken in before it has answered anything when it is new and others list it', () => {
    hear(left, routedProbe(newcomer));
    expect(members()).not.toContain(newcomer.id.hex);
    hear(far, leafSet([newcomer], []));
    expect(members()).toContain(newcomer.id.hex);
  });

  test('is asked itself when a neighbour has not heard of it, not when a stranger wants to know its contact', () => {
    const asked = (asker: Contact): string[] => {
      const config = { ...defaultOverlayConfig, leafSetSize: 2, nearNeighbours: 1, replicaSetRank: 2 };
      overlay = new Overlay({ self, config, random: seeded(1), previouslyActive: false, remembered: [] });
      overlay.step({ type: 'establish', leafSet: [left, right], table: [far] }, now());
      pass(20 * second);
      hear(asker, { ...leafSet([], []), purpose: 'answer', wanted: [nameOf(left)] });
      return targetsOf(pass(second));
    };
    expect(asked(right)).toContain(left.id.hex);
    expect(asked(far)).not.toContain(left.id.hex);
  });

  function now(): { monoMs: number; wallMs: number } {
    return { monoMs: nowMs, wallMs: nowMs };
  }

  function connect(...peers: readonly Contact[]): void {
    for (const peer of peers) overlay.step({ type: 'peerConnected', peer }, now());
  }

  function members(): string[] {
    return [...overlay.leafSet().clockwise, ...overlay.leafSet().counterClockwise].map(({ contact: { id } }) => id.hex);
  }

  function hear(from: Contact, message: OverlayMessage): Sent[] {
    return sends(overlay.step({ type: 'message', from, message }, now()));
  }

  /** Time passes; the neighbours answer what they are asked, but for heartbeats. */
  function pass(ms: number): Sent[] {
    const untilMs = nowMs + ms;
    const sent: Sent[] = [];
    while (overlay.nextDeadline() <= untilMs) {
      nowMs = Math.max(nowMs, overlay.nextDeadline());
      const sentNow = sends(overlay.step({ type: 'timeout', lateMs: 0 }, now()));
      sent.push(...sentNow);
      for (const { to, message } of sentNow) {
        if (message.type === 'probe' && !dead.has(to.id.hex))
          hear(to, { type: 'probeReply', nonce: message.nonce, status: 'active', previouslyActive: true });
      }
    }
    nowMs = untilMs;
    return sent;
  }
});

interface Sent {
  readonly to: Contact;
  readonly message: OverlayMessage;
}

function sends(outputs: ReturnType<Overlay['step']>): Sent[] {
  return outputs.filter((output) => output.type === 'send');
}

/** Who is asked to probe another. */
function witnessesIn(sent: readonly Sent[]): string[] {
  return sent.flatMap(({ to, message }) => (message.type === 'indirectProbe' ? [to.id.hex] : []));
}

/** Who is asked whether it lives, directly or over the ring. */
function targetsOf(sent: readonly Sent[]): string[] {
  return sent.flatMap(({ to, message }) => {
    if (message.type === 'probe') return [to.id.hex];
    return message.type === 'route' && message.purpose === 'probe'
      ? contacts.flatMap(({ id }) => (probeKey(id).equals(message.key) ? id.hex : []))
      : [];
  });
}

function routedProbe(origin: Contact): OverlayMessage {
  const request = { origin: origin.id, incarnation: origin.incarnation, counter: 1 };
  return { type: 'route', request, purpose: 'probe', key: probeKey(self.id), ttl: 30, remainingMs: 1000, path: [], contacts: [] };
}

function leafSet(members: readonly Contact[], failed: readonly FailedEntry[]): OverlayMessage & { type: 'leafSet' } {
  return { type: 'leafSet', purpose: 'push', status: 'active', named: [], members, wanted: [], failed };
}
