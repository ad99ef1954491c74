import { expect, test } from 'vitest';
import { type Contact, defaultOverlayConfig, Overlay, type OverlayMessage } from '../src/index.ts';
import { contact, seeded } from './network.ts';

const half = defaultOverlayConfig.leafSetSize / 2;
const self = contact('80');
/** Around this node, too far from the key to be its root. */
const members = Array.from({ length: 2 * half }, (_, index) => contact((0x8000 + index - half + (index < half ? 0 : 1)).toString(16)));
/** Named by others long ago. */
const strangers = ['11', '12', '13', '14', '15'].map(contact);
const key = contact('10').id;

/** A node that looks the key up, and whose hops never answer. */
class Asker {
  readonly overlay: Overlay = new Overlay({
    self,
    config: defaultOverlayConfig,
    random: seeded(1),
    previouslyActive: false,
    remembered: [],
  });
  nowMs = 0;

  take(input: Parameters<Overlay['step']>[0]): (OverlayMessage & { type: 'route' } & { readonly to: string })[] {
    return this.overlay.step(input, { monoMs: this.nowMs, wallMs: 0 }).flatMap((output) => {
      if (output.type !== 'send' || output.message.type !== 'route' || output.message.purpose !== 'lookup') return [];
      return [{ ...output.message, to: output.to.id.hex }];
    });
  }

  /** Whom the lookup is handed to, one after the other. */
  hops(ms: number): string[] {
    const sent = this.take({ type: 'lookup', ref: 1, key, mode: 'recursive', timeoutMs: ms });
    const untilMs = this.nowMs + ms;
    while (this.overlay.nextDeadline() < untilMs) {
      this.nowMs = this.overlay.nextDeadline();
      sent.push(...this.take({ type: 'timeout', lateMs: 0 }));
    }
    return sent.map(({ to }) => to);
  }
}

test('a lookup that lost two hops to contacts which nobody watches goes on over members and open connections', () => {
  const asker = new Asker();
  asker.take({ type: 'establish', leafSet: members, table: strangers });
  const connected = contact('40');
  asker.take({ type: 'peerConnected', peer: connected });
  asker.take({ type: 'message', from: connected, message: { type: 'probe', nonce: 1, status: 'active' } });
  const [first, second, third, fourth] = asker.hops(3_000);
  const unwatched = strangers.map(({ id }) => id.hex);
  expect(unwatched).toContain(first);
  expect(unwatched).toContain(second);
  expect(third).toBe(connected.id.hex);
  expect(members.map(({ id }) => id.hex)).toContain(fourth);
});

test('a root names as many nodes as a lookup asks for, and no more than it likes', () => {
  const root = new Asker();
  root.take({ type: 'establish', leafSet: members, table: [] });
  const [from] = members as [Contact];
  const named = (counter: number, rank?: number): number => {
    const request = { origin: from.id, incarnation: 1, counter };
    const route = { type: 'route', request, purpose: 'lookup', key: self.id, origin: from, ttl: 32, remainingMs: 1000 } as const;
    const message = { ...route, path: [], contacts: [], ...(rank !== undefined && { rank }) };
    const outputs = root.overlay.step({ type: 'message', from, message }, { monoMs: 0, wallMs: 0 });
    const [reply] = outputs.flatMap((output) => (output.type === 'send' && output.message.type === 'routeReply' ? [output.message] : []));
    return reply?.replicaSet.length ?? 0;
  };
  expect(named(1)).toBe(defaultOverlayConfig.replicaSetRank);
  expect(named(2, 3)).toBe(3);
  expect(named(3, 0)).toBe(1);
  expect(named(4, 100)).toBe(defaultOverlayConfig.replicaSetRank);
});

test('a request that comes back from the node it was handed to is not answered in its place', () => {
  const between = new Asker();
  between.take({ type: 'establish', leafSet: members, table: [] });
  // The nearest neighbour is the root. A node on its way out hands the request over, the root hands it back: for a member that has left.
  const [leaver] = members as [Contact];
  const root = members[half] as Contact;
  const request = { origin: contact('c0').id, incarnation: 1, counter: 1 };
  const message = { type: 'route', request, purpose: 'lookup', key: root.id, ttl: 32, remainingMs: 1000, path: [], contacts: [] } as const;
  between.take({ type: 'message', from: leaver, message: { type: 'probe', nonce: 1, status: 'leaving' } });
  const handed = between.take({ type: 'message', from: leaver, message });
  expect(handed.map(({ to }) => to)).toEqual([root.id.hex]);
  between.take({ type: 'message', from: root, message: { type: 'routeAck', request } });
  const outputs = between.overlay.step({ type: 'message', from: root, message }, { monoMs: 0, wallMs: 0 });
  const answers = outputs.flatMap((output) => (output.type === 'send' ? [output.message] : []));
  expect(answers).toMatchObject([{ type: 'routeRefused', reason: 'no-progress' }]);
});
