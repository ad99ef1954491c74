import { shortId } from './text.ts';

const width = 76;
const height = 17;
const centreX = 38;
const centreY = 8;
const radiusX = 24;
const radiusY = 8;
const dots = 180;
/** The digits at the quarters of the ring, written inside of it. */
const quarters = ['0', '4', '8', 'c'] as const;

export interface RingNode {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** One character. */
  readonly mark: string;
}

/** The part of the ring that lies between 0 and the id, clockwise: 0 to 1. */
export function ringPosition(hex: string): number {
  return Number.parseInt(hex.slice(0, 12), 16) / 2 ** 48;
}

/** How far it is from `from` clockwise to `to`: 0 to 1. */
export function clockwiseShare(from: string, to: string): number {
  const share = ringPosition(to) - ringPosition(from);
  return share < 0 ? share + 1 : share;
}

/**
 * A picture of the ring, 76 columns wide: 0 at the top, ids growing clockwise. Each node is drawn where its id lies, with its
 * first digits beside it where there is room; nodes given first have the first claim to it.
 */
export function drawRing(nodes: readonly RingNode[]): string {
  const canvas = Array.from({ length: height }, () => new Array<string>(width).fill(' '));
  for (let dot = 0; dot < dots; dot++) plot(canvas, point(dot / dots), '·');
  for (const [index, digit] of quarters.entries()) plot(canvas, point(index / quarters.length, 0.87), digit);
  for (const node of nodes) plot(canvas, point(ringPosition(node.id)), node.mark);
  for (const node of nodes) label(canvas, point(ringPosition(node.id)), shortId(node.id));
  return canvas.map((row) => row.join('').trimEnd()).join('\n');
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where a part of the ring lies on the canvas; `scale` below 1 is inside of it. */
function point(share: number, scale = 1): Point {
  const angle = share * 2 * Math.PI;
  return { x: Math.round(centreX + scale * radiusX * Math.sin(angle)), y: Math.round(centreY - scale * radiusY * Math.cos(angle)) };
}

function plot(canvas: string[][], { x, y }: Point, mark: string): void {
  const row = canvas[y];
  if (row !== undefined) row[x] = mark;
}

/** Writes the text outside the ring, beside its point, unless something is there already. */
function label(canvas: string[][], { x, y }: Point, text: string): void {
  const start = x >= centreX ? x + 2 : x - 1 - text.length;
  const row = canvas[y];
  if (row === undefined || start < 0 || start + text.length > width) return;
  const free = row.slice(Math.max(0, start - 1), start + text.length + 1).every((char) => char === ' ' || char === '·');
  if (free) row.splice(start, text.length, ...text);
}
