import { expect, test } from 'vitest';
import { type Contact, defaultOverlayConfig, Id, Overlay, type OverlayMessage } from '../src/index.ts';
import { seeded } from './network.ts';

const half = defaultOverlayConfig.leafSetSize / 2;
const self = contact('80');
/** Around this node. */
const members = Array.from({ length: 2 * half }, (_, index) => contact((0x8000 + index - half + (index < half ? 0 : 1)).toString(16)));

function contact(top: string): Contact {
  return { id: Id.fromHex(top.padEnd(64, '0')), incarnation: 1, role: 'full', address: new Uint8Array(0), addressSeq: 1 };
}

class Asker {
  readonly overlay: Overlay = new Overlay({
    self,
    config: defaultOverlayConfig,
    random: seeded(1),
    previouslyActive: false,
    remembered: [],
  });
}

test('a root names as many nodes as a lookup asks for, and no more than it likes', () => {
  const root = new Asker();
  root.overlay.step({ type: 'establish', leafSet: members, table: [] }, { monoMs: 0, wallMs: 0 });
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
