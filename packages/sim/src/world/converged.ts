import { type Contact, compareIds, type SeededRandom } from '@dht/overlay';
import { intBelow } from '../engine/distributions.ts';
import type { Host } from '../machine/host.ts';
import type { World } from './world.ts';

const columnCount = 16;

/** Hosts next to each other on the ring, those that share a prefix: from the place `from` up to the place `to`, without it. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * Starts hosts that have never run as one network that has converged long ago, instead of playing all their joins: leaf sets are
 * exact, routing tables hold random contacts row by row as upkeep would have found them, near neighbours are connected.
 */
export function startConverged(world: World, hosts: readonly Host[], random: SeededRandom): void {
  const ring = hosts.toSorted((a, b) => compareIds(a.id, b.id));
  for (const host of ring) host.start();
  connectNear(world, ring);
  const establish = (place: number, rows: readonly (readonly Stretch[])[]): void => {
    const leafSet = around(ring, place, world.overlayConfig.leafSetSize);
    ring[place]?.step({ type: 'establish', leafSet, table: drawTable(world, ring, rows, random) });
  };
  descend(ring, { from: 0, to: ring.length }, [], establish);
}

function connectNear(world: World, ring: readonly Host[]): void {
  const near = Math.min(world.overlayConfig.nearNeighbours, ring.length - 1);
  for (const [place, host] of ring.entries()) {
    for (let offset = 1; offset <= near; offset++) {
      const neighbour = ring[(place + offset) % ring.length] as Host;
      if (host.links.has(neighbour.id)) continue;
      const connection = world.network.connections.open(host, neighbour, world.now);
      neighbour.connected(connection);
      host.connected(connection);
    }
  }
}

/** The `size` hosts around a place, half of them on each side; all others when they are fewer. */
function around(ring: readonly Host[], place: number, size: number): readonly Contact[] {
  const count = Math.min(size, ring.length - 1);
  const first = place - Math.floor(count / 2);
  const places = Array.from({ length: count + 1 }, (_, i) => (first + i + ring.length) % ring.length);
  return places.filter((each) => each !== place).map((each) => (ring[each] as Host).contact);
}

/** Goes down the tree of prefixes to every single host, with the stretches beside its own for each row. */
function descend(
  ring: readonly Host[],
  stretch: Stretch,
  rows: readonly (readonly Stretch[])[],
  visit: (place: number, rows: readonly (readonly Stretch[])[]) => void,
): void {
  if (stretch.to - stretch.from === 1) {
    visit(stretch.from, rows);
    return;
  }
  const columns = split(ring, stretch, rows.length);
  for (const column of columns) {
    const beside = columns.filter((other) => other !== column);
    if (column.to > column.from) descend(ring, column, [...rows, beside], visit);
  }
}

/** By the digit at `row`. */
function split(ring: readonly Host[], { from, to }: Stretch, row: number): readonly Stretch[] {
  let end = from;
  return Array.from({ length: columnCount }, (_, digit) => {
    const start = end;
    while (end < to && ring[end]?.id.digit(row) === digit) end++;
    return { from: start, to: end };
  });
}

/** The lower rows first, whose cells are the hardest to fill; the first row gets whatever room is left in the table. */
function drawTable(world: World, ring: readonly Host[], rows: readonly (readonly Stretch[])[], random: SeededRandom): readonly Contact[] {
  const { cellSize, tableContactsMax } = world.overlayConfig;
  const isWhole = ring.length <= tableContactsMax;
  const contacts: Contact[] = [];
  for (let row = rows.length - 1; row >= 0; row--) {
    const perCell = isWhole ? ring.length : row === 0 ? Math.ceil(tableContactsMax / columnCount) : cellSize + 1;
    contacts.push(...drawRow(ring, rows[row] ?? [], perCell, random));
  }
  return contacts;
}

/** By turns from every cell, so that no column is better off when the table is full. */
function drawRow(ring: readonly Host[], cells: readonly Stretch[], perCell: number, random: SeededRandom): readonly Contact[] {
  const drawn = cells.map((cell) => drawPlaces(cell, perCell, random));
  const contacts: Contact[] = [];
  for (let rank = 0; rank < perCell; rank++) {
    const places = drawn.map((each) => each[rank]).filter((place) => place !== undefined);
    if (places.length === 0) break;
    for (const place of places) contacts.push((ring[place] as Host).contact);
  }
  return contacts;
}

/** Up to `count` different places of the stretch, at random. */
function drawPlaces({ from, to }: Stretch, count: number, random: SeededRandom): readonly number[] {
  if (to - from <= count) return Array.from({ length: to - from }, (_, i) => from + i);
  const places = new Set<number>();
  while (places.size < count) places.add(from + intBelow(random, to - from));
  return [...places];
}
