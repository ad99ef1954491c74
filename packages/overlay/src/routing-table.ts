import { type Id, idDigits, sharedPrefixLength } from './id.ts';
import type { Peer } from './peers.ts';
import { isCloser } from './ring.ts';

const columnCount = 16;

export interface TableCell {
  readonly row: number;
  readonly column: number;
  /** Best first: connected before not, then by round-trip time. */
  readonly peers: readonly Peer[];
}

/**
 * The prefix routing table (Plaxton, Rajaraman, Richa 1997; Pastry): row = digits shared with this node, column = next digit.
 * Rows are made when their first contact comes. As long as there is room in the table a cell takes all that it is offered;
 * when there is none, cells beyond their size give way to the smaller ones.
 */
export class RoutingTable {
  readonly #self: Id;
  readonly #cellSize: number;
  readonly #contactsMax: number;
  readonly #rows: (Peer[] | undefined)[][] = [];
  #size = 0;

  constructor(self: Id, cellSize: number, contactsMax: number) {
    this.#self = self;
    this.#cellSize = cellSize;
    this.#contactsMax = contactsMax;
  }

  get size(): number {
    return this.#size;
  }

  get rowCount(): number {
    return this.#rows.length;
  }

  /** Whether `insert` would take a contact with this id that is better than none. */
  hasRoomFor(id: Id): boolean {
    if (id.equals(this.#self)) return false;
    return this.#size < this.#contactsMax || (this.#cell(id)?.length ?? 0) < this.#cellSize;
  }

  /** Takes the peer into its cell, or puts it to its new place there. Whether it is in the table afterwards. */
  insert(peer: Peer): boolean {
    if (peer.id.equals(this.#self)) return false;
    const cell = this.#cellFor(peer.id);
    if (peer.isTabled) {
      cell.splice(cell.indexOf(peer), 1);
      place(cell, peer);
      return true;
    }
    if (this.#size >= this.#contactsMax && !this.#makeRoom(cell, peer)) return false;
    place(cell, peer);
    peer.isTabled = true;
    this.#size++;
    return true;
  }

  remove(peer: Peer): void {
    const cell = peer.isTabled ? this.#cell(peer.id) : undefined;
    if (cell !== undefined) this.#drop(cell, cell.indexOf(peer));
  }

  /**
   * The acceptable contact closest to `key`, if it is closer than `than` (when given). Looks into the cell that shares one more digit with the
   * key, which has nearly always one; only when it has none, at those around it.
   */
  closest(key: Id, than: Id | undefined, accepts: (peer: Peer) => boolean): Peer | undefined {
    const row = sharedPrefixLength(this.#self, key);
    if (row >= idDigits) return this.#closestBelow(0, key, than, accepts);
    return this.#closestIn(this.#rows[row]?.[key.digit(row)], key, than, accepts) ?? this.#closestAround(row, key, than, accepts);
  }

  /** The contacts that share one more digit with `key` than this node does. */
  cellOf(key: Id): readonly Peer[] {
    return this.#cell(key) ?? [];
  }

  row(row: number): readonly Peer[] {
    const peers: Peer[] = [];
    for (const cell of this.#rows[row] ?? []) if (cell !== undefined) peers.push(...cell);
    return peers;
  }

  /** The cells that are not empty, row by row. */
  cells(): readonly TableCell[] {
    const cells: TableCell[] = [];
    this.#rows.forEach((columns, row) => {
      columns.forEach((peers, column) => {
        if (peers !== undefined && peers.length > 0) cells.push({ row, column, peers });
      });
    });
    return cells;
  }

  /** Column by column away from that of the key's digit: where the first contact turns up, the closest is. */
  #closestAround(row: number, key: Id, than: Id | undefined, accepts: (peer: Peer) => boolean): Peer | undefined {
    const digit = key.digit(row);
    for (let offset = 1; offset <= columnCount / 2; offset++) {
      const after = this.#closestInColumn(row, (digit + offset) % columnCount, key, than, accepts);
      const before = this.#closestInColumn(row, (digit - offset + columnCount) % columnCount, key, after?.id ?? than, accepts);
      if (before !== undefined || after !== undefined) return before ?? after;
    }
    return this.#closestBelow(0, key, than, accepts);
  }

  /** This node's own column stands for all rows below. */
  #closestInColumn(row: number, column: number, key: Id, than: Id | undefined, accepts: (peer: Peer) => boolean): Peer | undefined {
    if (column === this.#self.digit(row)) return this.#closestBelow(row + 1, key, than, accepts);
    return this.#closestIn(this.#rows[row]?.[column], key, than, accepts);
  }

  /** Of all rows from `row` on. */
  #closestBelow(row: number, key: Id, than: Id | undefined, accepts: (peer: Peer) => boolean): Peer | undefined {
    let best: Peer | undefined;
    for (let below = row; below < this.#rows.length; below++) {
      for (const cell of this.#rows[below] ?? []) best = this.#closestIn(cell, key, best?.id ?? than, accepts) ?? best;
    }
    return best;
  }

  #closestIn(cell: readonly Peer[] | undefined, key: Id, than: Id | undefined, accepts: (peer: Peer) => boolean): Peer | undefined {
    if (cell === undefined) return undefined;
    let best: Peer | undefined;
    for (const peer of cell) {
      const bound = best?.id ?? than;
      if ((bound === undefined || isCloser(key, peer.id, bound)) && accepts(peer)) best = peer;
    }
    return best;
  }

  #cell(id: Id): Peer[] | undefined {
    const row = sharedPrefixLength(this.#self, id);
    return row < idDigits ? this.#rows[row]?.[id.digit(row)] : undefined;
  }

  #cellFor(id: Id): Peer[] {
    const row = sharedPrefixLength(this.#self, id);
    while (this.#rows.length <= row) this.#rows.push([]);
    const columns = this.#rows[row] ?? [];
    const column = id.digit(row);
    while (columns.length <= column) columns.push(undefined);
    columns[column] ??= [];
    return columns[column];
  }

  /** In a full table: a small cell grows at the cost of the largest, a large one only takes what is better than its worst. */
  #makeRoom(cell: Peer[], peer: Peer): boolean {
    if (cell.length < this.#cellSize) {
      const largest = this.#largestCell();
      this.#drop(largest, largest.length - 1);
      return true;
    }
    const worst = cell[cell.length - 1];
    if (worst === undefined || !isBetter(peer, worst)) return false;
    this.#drop(cell, cell.length - 1);
    return true;
  }

  #largestCell(): Peer[] {
    let largest: Peer[] = [];
    for (const columns of this.#rows) {
      for (const cell of columns) if (cell !== undefined && cell.length > largest.length) largest = cell;
    }
    return largest;
  }

  #drop(cell: Peer[], index: number): void {
    const [peer] = cell.splice(index, 1);
    if (peer === undefined) return;
    peer.isTabled = false;
    this.#size--;
  }
}

function place(cell: Peer[], peer: Peer): void {
  let index = 0;
  for (const other of cell) {
    if (isBetter(peer, other)) break;
    index++;
  }
  cell.splice(index, 0, peer);
}

function isBetter(a: Peer, b: Peer): boolean {
  if (a.connected !== b.connected) return a.connected;
  if (a.rttMeanMs < 0 || b.rttMeanMs < 0) return a.rttMeanMs >= 0 && b.rttMeanMs < 0;
  return a.rttMeanMs < b.rttMeanMs;
}
