import { beforeEach, describe, expect, test } from 'vitest';
import { type Contact, defaultOverlayConfig, Overlay, type OverlayMessage } from '../src/index.ts';
import { NamedNodes, nameOf, placeOf } from '../src/member-name.ts';
import { contact, seeded } from './network.ts';

type LeafSetMessage = OverlayMessage & { type: 'leafSet' };

const [left, self, right, far, stranger] = ['1', '3', '5', '7', '6'].map(contact) as [Contact, Contact, Contact, Contact, Contact];
const now = { monoMs: 0, wallMs: 0 };

function leafSet(purpose: LeafSetMessage['purpose'], content: Partial<LeafSetMessage>): LeafSetMessage {
  return { type: 'leafSet', purpose, status: 'active', named: [], members: [], wanted: [], failed: [], ...content };
}

describe('a leaf set with three members', () => {
  let overlay: Overlay;

  beforeEach(() => {
    overlay = new Overlay({ self, config: defaultOverlayConfig, random: seeded(1), previouslyActive: false, remembered: [] });
    overlay.step({ type: 'establish', leafSet: [left, right, far], table: [] }, now);
  });

  test('has nothing to say to who has the same', () => {
    expect(hear(left, leafSet('compare', { named: [left, self, right, far].map(nameOf) }))).toEqual([]);
  });

  test('names a member that a neighbour lacks, and not those it has', () => {
    const [answer] = hear(left, leafSet('compare', { named: [left, self, right].map(nameOf) }));
    expect(answer).toMatchObject({ purpose: 'answer', named: [nameOf(far)], members: [], wanted: [], failed: [] });
  });

  test('names the later life of a member that restarted', () => {
    const before = nameOf({ ...far, incarnation: 0 });
    const [answer] = hear(left, leafSet('compare', { named: [...[left, self, right].map(nameOf), before] }));
    expect(answer).toMatchObject({ named: [nameOf(far)], members: [] });
  });

  test('asks for the contact of an unknown node that is named, and gives those that it is asked for', () => {
    const [question] = hear(left, leafSet('list', { named: [left, self, right, far, stranger].map(nameOf) }));
    expect(question).toMatchObject({ purpose: 'answer', members: [], wanted: [nameOf(stranger)] });
    expect(hear(left, leafSet('answer', { wanted: [self, far].map(nameOf) }))[0]).toMatchObject({ members: [self, far], wanted: [] });
  });

  test('names those behind a node, seen from who asks, nearest first', () => {
    const named = ({ named }: LeafSetMessage): readonly string[] => named;
    expect(hear(left, leafSet('extend', { named: [nameOf(self)] })).map(named)).toEqual([[right, far].map(nameOf)]);
    expect(hear(far, leafSet('extend', { named: [nameOf(right)] })).map(named)).toEqual([[self, left].map(nameOf)]);
  });

  test('is listed by name for who only asks', () => {
    const [list] = hear(stranger, leafSet('ask', {}));
    expect(list).toMatchObject({ purpose: 'list', members: [] });
    expect(list?.named).toEqual(expect.arrayContaining([self, right, far, left].map(nameOf)));
  });

  test('tells of the failure of a node that is named', () => {
    overlay.step({ type: 'message', from: far, message: { type: 'leaving', done: true } }, now);
    const [answer] = hear(left, leafSet('compare', { named: [left, self, right, far].map(nameOf) }));
    expect(answer).toMatchObject({ members: [], wanted: [], failed: [{ id: far.id, incarnation: 1 }] });
  });

  function hear(from: Contact, message: OverlayMessage): LeafSetMessage[] {
    return overlay.step({ type: 'message', from, message }, now).flatMap((output) => {
      return output.type === 'send' && output.message.type === 'leafSet' ? [output.message] : [];
    });
  }
});

test('a full leaf set that lacks its last member on either side is told of it', () => {
  const ring = Array.from({ length: 48 }, (_, i) => contact((16 + i).toString(16)));
  const around = (center: number): Contact[] => [...ring.slice(center - 16, center), ...ring.slice(center + 1, center + 17)];
  const [me, neighbour] = [24, 23] as const;
  const overlay = new Overlay({
    self: ring[me]!,
    config: defaultOverlayConfig,
    random: seeded(1),
    previouslyActive: false,
    remembered: [],
  });
  overlay.step({ type: 'establish', leafSet: around(me), table: [] }, now);
  for (const lacking of [neighbour - 15, neighbour + 16]) {
    const named = [ring[neighbour]!, ring[neighbour - 17]!, ...around(neighbour).filter((member) => member !== ring[lacking])];
    const outputs = overlay.step(
      { type: 'message', from: ring[neighbour]!, message: leafSet('compare', { named: named.map(nameOf) }) },
      now,
    );
    expect(outputs).toMatchObject([{ message: { purpose: 'answer', named: [nameOf(ring[lacking]!)] } }]);
  }
});

test('a name changes with the life and with the address of its node, its place does not', () => {
  const names = [nameOf(far), nameOf({ ...far, incarnation: 2 }), nameOf({ ...far, addressSeq: 2 })];
  expect(new Set(names).size).toBe(3);
  for (const name of names) {
    expect(name).toMatch(/^[0-9a-f]{16}$/);
    expect(placeOf(name).top).toBe(far.id.top);
    expect(new NamedNodes([name]).has(far.id)).toBe(true);
  }
  expect(new NamedNodes(names).has(stranger.id)).toBe(false);
});
