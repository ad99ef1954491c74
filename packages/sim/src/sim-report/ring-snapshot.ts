import type { LeafView } from '@dht/overlay';
import type { Violation } from '../checkers/violations.ts';
import type { Host } from '../machine/host.ts';
import type { World } from '../world/world.ts';

/** Of the many nodes that may be concerned, the first ones tell what happened. */
const concernedMax = 4;
/** Wrong pointers drawn at most. */
const mistakesMax = 60;

const ringTop = 2 ** 48;

export interface SnapshotNode {
  readonly index: number;
  readonly id: string;
  /** On the ring, 0 to 1, clockwise from id 0. */
  readonly position: number;
  /** Of the core, or of the process when that does not run. */
  readonly state: string;
}

/** One place of a half of a leaf set: who is there, and who should be. */
export interface LeafPlace {
  readonly held: SnapshotNode | undefined;
  readonly expected: SnapshotNode | undefined;
}

export interface LeafSetSnapshot {
  readonly node: SnapshotNode;
  /** Nearest first. Absent halves: the node has no core. */
  readonly clockwise: readonly LeafPlace[];
  readonly counterClockwise: readonly LeafPlace[];
}

/** One node that another has wrongly in its leaf set, or has not though it should. */
export interface Mistake {
  readonly holder: SnapshotNode;
  readonly subject: SnapshotNode;
  readonly kind: 'holds wrongly' | 'lacks';
}

/** The ring as it was when a demand was violated. */
export interface RingSnapshot {
  readonly checker: string;
  readonly demand: Violation['demand'];
  readonly message: string;
  readonly atMs: number;
  readonly nodes: readonly SnapshotNode[];
  readonly concerned: readonly LeafSetSnapshot[];
  /** All mistakes there were, and the first of them: those that concern the nodes above come first. */
  readonly mistakes: readonly Mistake[];
  readonly mistakesTotal: number;
  readonly lastMessages: readonly string[];
}

/** To be called while the world is as it was when the demand was violated. */
export function snapshotOf(violation: Violation, world: World): RingSnapshot {
  const { checker, demand, message, atMs } = violation;
  const concerned = violation.hosts.filter(({ role }) => role === 'full').slice(0, concernedMax);
  const mistakes = world.membership.active.flatMap((host) => mistakesOf(host, world));
  const isNear = ({ holder, subject }: Mistake): boolean =>
    concerned.some(({ index }) => index === holder.index || index === subject.index);
  const sorted = [...mistakes.filter(isNear), ...mistakes.filter((mistake) => !isNear(mistake))];
  return {
    ...{ checker, demand, message, atMs },
    nodes: world.hosts.filter(({ role }) => role === 'full').map(nodeOf),
    concerned: concerned.map((host) => leafSetOf(host, world)),
    mistakes: sorted.slice(0, mistakesMax),
    mistakesTotal: mistakes.length,
    lastMessages: violation.lastMessages.map(({ atMs: at, from, to, type }) => `${(at / 1000).toFixed(3)} s  #${from} → #${to}  ${type}`),
  };
}

function nodeOf(host: Host): SnapshotNode {
  const state = host.state === 'running' ? (host.status ?? 'off') : host.state;
  return { index: host.index, id: host.id.hex, position: host.id.top / ringTop, state };
}

function leafSetOf(host: Host, world: World): LeafSetSnapshot {
  const { membership, overlayConfig } = world;
  const half = overlayConfig.leafSetSize / 2;
  const leafSet = host.core?.overlay.leafSet() ?? { clockwise: [], counterClockwise: [] };
  return {
    node: nodeOf(host),
    clockwise: placesOf(leafSet.clockwise, membership.clockwise(host.id, half), world),
    counterClockwise: placesOf(leafSet.counterClockwise, membership.counterClockwise(host.id, half), world),
  };
}

function placesOf(held: readonly LeafView[], expected: readonly Host[], world: World): LeafPlace[] {
  return Array.from({ length: Math.max(held.length, expected.length) }, (_, place) => {
    const view = held[place];
    const holder = view === undefined ? undefined : world.findHost(view.contact.id);
    const truth = expected[place];
    return { held: holder && nodeOf(holder), expected: truth && nodeOf(truth) };
  });
}

function mistakesOf(host: Host, world: World): Mistake[] {
  const { clockwise, counterClockwise } = leafSetOf(host, world);
  const places = [...clockwise, ...counterClockwise];
  const held = nodesOf(places.map((place) => place.held));
  const expected = nodesOf(places.map((place) => place.expected));
  const holder = nodeOf(host);
  const wrong = [...held.values()].filter(({ index }) => !expected.has(index));
  const missing = [...expected.values()].filter(({ index }) => !held.has(index));
  return [
    ...wrong.map((subject) => ({ holder, subject, kind: 'holds wrongly' }) as const),
    ...missing.map((subject) => ({ holder, subject, kind: 'lacks' }) as const),
  ];
}

/** By number, each once: on a small ring both halves name the same nodes. */
function nodesOf(nodes: readonly (SnapshotNode | undefined)[]): Map<number, SnapshotNode> {
  return new Map(nodes.filter((node) => node !== undefined).map((node) => [node.index, node]));
}
