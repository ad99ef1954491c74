import { escapeText } from './drawing.ts';
import type { LeafPlace, LeafSetSnapshot, Mistake, RingSnapshot, SnapshotNode } from './ring-snapshot.ts';

const size = 520;
const centre = size / 2;
const radius = 190;
/** Beyond this many nodes only those concerned are told apart; the others are a band. */
const dotsMax = 1000;

const stateColour: Readonly<Record<string, string>> = { active: '#2a78d6', joining: '#b58900', leaving: '#6b3fa0', paused: '#178a60' };
const offColour = '#9aa5b1';
const wrongColour = '#c62828';

/** Where the nodes are, who is concerned, and the pointers that are wrong: solid to whom a node should not hold, dashed to whom it lacks. */
export function ringPicture(snapshot: RingSnapshot): string {
  const concerned = snapshot.concerned.map(({ node }) => node);
  const parts = [
    `<circle cx="${centre}" cy="${centre}" r="${radius}" fill="none" stroke="#cbd2d9" stroke-width="1.5"/>`,
    ...snapshot.mistakes.map(chord),
    ...snapshot.nodes.slice(0, dotsMax).map((node) =>
      dot(
        node,
        concerned.some(({ index }) => index === node.index),
      ),
    ),
    ...concerned.map(label),
    `<text x="${centre}" y="${centre - radius + 26}" text-anchor="middle" class="quiet">0</text>`,
  ];
  const title = `Ring at ${seconds(snapshot.atMs)} with ${snapshot.mistakesTotal} wrong pointers`;
  return `<svg role="img" aria-label="${title}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}">${parts.join('')}</svg>`;
}

/** The leaf set of one node, place by place: who is there, and who should be. */
export function leafSetPicture({ node, clockwise, counterClockwise }: LeafSetSnapshot): string {
  const columns = Math.max(1, clockwise.length, counterClockwise.length);
  const width = 130 + columns * cellWidth;
  const rows = [...half('clockwise', clockwise, 28), ...half('counter-clockwise', counterClockwise, 28 + rowHeight)];
  const ranks = Array.from(
    { length: columns },
    (_, rank) => `<text x="${cellX(rank) + cellWidth / 2 - 2}" y="18" text-anchor="middle" class="quiet">${rank + 1}</text>`,
  );
  const title = `Leaf set of #${node.index}`;
  return `<svg role="img" aria-label="${title}" xmlns="http://www.w3.org/2000/svg" width="${width}" height="${28 + 2 * rowHeight}" viewBox="0 0 ${width} ${28 + 2 * rowHeight}">${[...ranks, ...rows].join('')}</svg>`;
}

export function nameOf({ index, id }: SnapshotNode): string {
  return `#${index} ${id.slice(0, 8)}`;
}

const cellWidth = 54;
const rowHeight = 46;

function cellX(rank: number): number {
  return 124 + rank * cellWidth;
}

function half(name: string, places: readonly LeafPlace[], y: number): string[] {
  return [`<text x="0" y="${y + 22}" class="quiet">${name}</text>`, ...places.map((place, rank) => cell(place, cellX(rank), y))];
}

/** Green when right; red with who is there, and below who should be. */
function cell({ held, expected }: LeafPlace, x: number, y: number): string {
  const isRight = held?.index === expected?.index;
  const [fill, stroke] = isRight ? ['#e3f4ec', '#178a60'] : ['#fdecea', wrongColour];
  const box = `<rect x="${x}" y="${y}" width="${cellWidth - 4}" height="${isRight ? 34 : 38}" rx="4" fill="${fill}" stroke="${stroke}"/>`;
  const who = text(x, y + (isRight ? 21 : 15), held === undefined ? 'nobody' : `#${held.index}`);
  return isRight ? box + who : box + who + text(x, y + 31, expected === undefined ? '→ nobody' : `→ #${expected.index}`);
}

function text(x: number, y: number, content: string): string {
  return `<text x="${x + cellWidth / 2 - 2}" y="${y}" text-anchor="middle">${escapeText(content)}</text>`;
}

function pointAt(position: number, distance: number): { x: number; y: number } {
  const angle = position * 2 * Math.PI;
  return { x: centre + distance * Math.sin(angle), y: centre - distance * Math.cos(angle) };
}

function chord({ holder, subject, kind }: Mistake): string {
  const from = pointAt(holder.position, radius - 6);
  const to = pointAt(subject.position, radius - 6);
  // Bent towards the centre, so that neighbours' pointers do not lie on the ring itself.
  const bend = { x: centre + ((from.x + to.x) / 2 - centre) * 0.55, y: centre + ((from.y + to.y) / 2 - centre) * 0.55 };
  const dash = kind === 'lacks' ? ' stroke-dasharray="5 4"' : '';
  const path = `M${f(from.x)} ${f(from.y)}Q${f(bend.x)} ${f(bend.y)} ${f(to.x)} ${f(to.y)}`;
  return `<path d="${path}" fill="none" stroke="${wrongColour}" stroke-opacity="0.45" stroke-width="1.4"${dash}><title>${nameOf(holder)} ${kind} ${nameOf(subject)}</title></path>`;
}

function dot(node: SnapshotNode, isConcerned: boolean): string {
  const { x, y } = pointAt(node.position, radius);
  const colour = stateColour[node.state] ?? offColour;
  const isOff = stateColour[node.state] === undefined;
  const look = isOff ? `fill="#ffffff" stroke="${colour}" stroke-width="1.5"` : `fill="${colour}"`;
  const ring = isConcerned ? `<circle cx="${f(x)}" cy="${f(y)}" r="11" fill="none" stroke="${wrongColour}" stroke-width="2"/>` : '';
  return `${ring}<circle cx="${f(x)}" cy="${f(y)}" r="${isConcerned ? 6 : 4}" ${look}><title>${nameOf(node)}, ${escapeText(node.state)}</title></circle>`;
}

function label(node: SnapshotNode): string {
  const { x, y } = pointAt(node.position, radius + 20);
  const anchor = Math.abs(x - centre) < 30 ? 'middle' : x < centre ? 'end' : 'start';
  return `<text x="${f(x)}" y="${f(y + 4)}" text-anchor="${anchor}" font-weight="600">#${node.index}</text>`;
}

function f(value: number): string {
  return value.toFixed(1);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
