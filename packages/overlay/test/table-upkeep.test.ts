import { expect, test } from 'vitest';
import { type Contact, defaultOverlayConfig, Overlay, type OverlayOutput } from '../src/index.ts';
import { contact, seeded } from './network.ts';

const minute = 60_000;
const self = contact('80');
const members = ['81', '82', '83', '84', '7f', '7e', '7d', '7c'].map(contact);
const neighbour = contact('7f');
const strangers = ['11', '22', '33', '44'].map(contact);
const asker = contact('55');

/** A member of a ring whose other nodes answer probes or never say a word. */
class Node {
  readonly overlay: Overlay = new Overlay({
    self,
    config: defaultOverlayConfig,
    random: seeded(1),
    previouslyActive: false,
    remembered: [],
  });
  nowMs = 0;

  constructor() {
    this.take({ type: 'establish', leafSet: members, table: strangers });
  }

  take(input: Parameters<Overlay['step']>[0]): readonly OverlayOutput[] {
    return this.overlay.step(input, { monoMs: this.nowMs, wallMs: this.nowMs });
  }

  live(ms: number, othersAnswer: boolean): void {
    const untilMs = this.nowMs + ms;
    while (this.overlay.nextDeadline() <= untilMs) {
      this.nowMs = Math.max(this.nowMs, this.overlay.nextDeadline());
      for (const output of this.take({ type: 'timeout', lateMs: 0 })) {
        if (output.type !== 'send' || output.message.type !== 'probe' || !othersAnswer) continue;
        const { nonce } = output.message;
        this.take({ type: 'message', from: output.to, message: { type: 'probeReply', nonce, status: 'active', previouslyActive: true } });
      }
    }
    this.nowMs = untilMs;
  }

  /** Who is named in the answer to a question for the first row. */
  told(): string[] {
    const outputs = this.take({ type: 'message', from: asker, message: { type: 'tableRequest', row: 0 } });
    return outputs
      .flatMap((output) => (output.type === 'send' && output.message.type === 'tableReply' ? output.message.contacts : []))
      .map(({ id }) => id.hex)
      .sort();
  }
}

const hexes = (contacts: readonly Contact[]): string[] => contacts.map(({ id }) => id.hex);

test('in quiet times a node tells others of contacts that it has only heard of', () => {
  const node = new Node();
  node.live(4 * minute, true);
  expect(node.told()).toEqual(expect.arrayContaining(hexes(strangers)));
});

test('where nodes live a few minutes a node tells others only of those that it has heard itself', () => {
  const node = new Node();
  node.live(2 * minute, false);
  expect(node.told()).toEqual([]);
  node.take({ type: 'message', from: neighbour, message: { type: 'heartbeat', status: 'active' } });
  expect(node.told()).toEqual(hexes([neighbour]));
});
