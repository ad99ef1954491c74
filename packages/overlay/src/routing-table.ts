import { digitAt, digitValues, type Id, idDigits, sharedPrefixLength, topDigits } from './id.ts';
import { type MemberName, nameDigits, nameOf, topOf } from './member-name.ts';
import type { Peer } from './peers.ts';
import { type Arc, clockwiseTop, inArc, isCloser, ringTops, topsAhead } from './ring.ts';

const columnCount = digitValues;

export interface TableCell {
  readonly row: number;
  readonly column: number;
  /** Best first: connected before not, then by round-trip time. */
  readonly peers: readonly Peer[];
}

const nobody: readonly Peer[] = [];
const emptyRow: readonly undefined[] = Array.from({ length: columnCount }, () => undefined);

/**
 * The prefix routing table (Plaxton, Rajaraman, Richa 1997; Pastry): row = digits shared with this node, column = next digit.
 * Rows are made when their first contact comes. As long as there is room in the table a cell takes all that it is offered;
 * when there is none, cells beyond their size give way to the smaller ones.
 */
export class RoutingTable {
  readonly #self: Id;
  readonly #cellSize: number;
  #contactsMax: number;
  /** Row by row. A cell changes much less often than it is read, so each is a list of exactly its length. */
  #cells: (readonly Peer[] | undefined)[] = [];
  #size = 0;

  constructor(self: Id, cellSize: number, contactsMax: number) {
    this.#self = self;
    this.#cellSize = cellSize;
    this.#contactsMax = contactsMax;
  }

  get size(): number {
    return this.#size;
  }

  /** How many contacts it has room for. */
  get contactsMax(): number {
    return this.#contactsMax;
  }

  get rowCount(): number {
    return this.#cells.length / columnCount;
  }

  /** From now on at most so many contacts; of those beyond, the worst of the largest cells go. */
  limit(contactsMax: number): void {
    this.#contactsMax = contactsMax;
    while (this.#size > contactsMax) this.#dropWorst(this.#largestCell());
  }

  /** Whether `insert` would take a contact with this id that is better than none. */
  hasRoomFor(id: Id): boolean {
    if (id.equals(this.#self)) return false;
    return this.#size < this.#contactsMax || this.cellOf(id).length < this.#cellSize;
  }

  /** Takes the peer into its cell, or puts it to its new place there. Whether it is in the table afterwards. */
  insert(peer: Peer): boolean {
    if (peer.id.equals(this.#self)) return false;
    if (peer.isTabled) this.remove(peer);
    else if (this.#size >= this.#contactsMax && !this.#makeRoom(peer)) return false;
    const place = this.#placeOf(peer.id);
    while (this.#cells.length <= place) this.#cells = this.#cells.concat(emptyRow);
    const cell = this.#cells[place] ?? [];
    this.#cells[place] = cell.toSpliced(rankIn(cell, peer), 0, peer);
    peer.isTabled = true;
    this.#size++;
    return true;
  }

  remove(peer: Peer): void {
    if (!peer.isTabled) return;
    const place = this.#placeOf(peer.id);
    const cell = this.#cells[place] ?? [];
    this.#cells[place] = cell.length === 1 ? undefined : cell.toSpliced(cell.indexOf(peer), 1);
    peer.isTabled = false;
    this.#size--;
  }

  /**
   * The acceptable contact closest to `key`, if it is closer than `than` (when given). Looks into the cell that shares one more digit with the
   * key, which has nearly always one; only when it has none, at those around it.
   */
  closest(key: Id, than: Id | undefined, accepts: (peer: Peer) => boolean): Peer | undefined {
    const row = sharedPrefixLength(this.#self, key);
    if (row >= idDigits) return this.#closestBelow(0, key, than, accepts);
    return this.#closestIn(this.cellOf(key), key, than, accepts) ?? this.#closestAround(row, key, than, accepts);
  }

  /** A contact closer to `key` than `than` in the columns beside that of the key's digit: the nearest node may share fewer digits. */
  closestBeside(key: Id, than: Id, accepts: (peer: Peer) => boolean): Peer | undefined {
    const row = sharedPrefixLength(this.#self, key);
    if (row >= idDigits) return undefined;
    const digit = key.digit(row);
    const after = this.#closestInColumn(row, (digit + 1) % columnCount, key, than, accepts);
    return this.#closestInColumn(row, (digit + columnCount - 1) % columnCount, key, after?.id ?? than, accepts) ?? after;
  }

  /** The contacts that share one more digit with `key` than this node does. */
  cellOf(key: Id): readonly Peer[] {
    return this.#cells[this.#placeOf(key)] ?? nobody;
  }

  /** Whether the place of this name lies in a cell that has room, or the table has, and nobody there is named so. */
  lacks(name: MemberName): boolean {
    const cell = this.#cells[this.#placeOfDigits(name, nameDigits)] ?? nobody;
    if (this.#size >= this.#contactsMax && cell.length >= this.#cellSize) return false;
    const top = topOf(name);
    return !cell.some(({ contact }) => contact.id.top === top && nameOf(contact) === name);
  }

  /** The contacts in the arc. A cell is an arc itself, so that most cells need no look at their contacts. */
  within({ from, to }: Arc): readonly Peer[] {
    const length = from.equals(to) ? ringTops : clockwiseTop(from, to);
    const found: Peer[] = [];
    for (let place = 0; place < this.#cells.length; place++) {
      const cell = this.#cells[place];
      if (cell === undefined || !this.#meets(place, from.top, length)) continue;
      for (const peer of cell) if (inArc(peer.id, from, to)) found.push(peer);
    }
    return found;
  }

  /** Whether the cell may have ids in the stretch of so many tops from `from` on; false only when it has none for certain. */
  #meets(place: number, from: number, length: number): boolean {
    const row = Math.floor(place / columnCount);
    // A top tells cells of the upper rows apart; those below are few, and next to this node.
    if (row >= topDigits) return true;
    const width = ringTops / columnCount ** (row + 1);
    const start = Math.floor(this.#self.top / (width * columnCount)) * width * columnCount + (place % columnCount) * width;
    return topsAhead(from, start) <= length || topsAhead(start, from) < width;
  }

  all(): readonly Peer[] {
    return this.where(() => true);
  }

  /** The acceptable contacts, cell by cell. */
  where(accepts: (peer: Peer) => boolean): readonly Peer[] {
    const found: Peer[] = [];
    for (const cell of this.#cells) for (const peer of cell ?? nobody) if (accepts(peer)) found.push(peer);
    return found;
  }

  row(row: number): readonly Peer[] {
    const peers: Peer[] = [];
    for (let column = 0; column < columnCount; column++) {
      for (const peer of this.#cells[row * columnCount + column] ?? nobody) peers.push(peer);
    }
    return peers;
  }

  /** The cells that are not empty, row by row. */
  cells(): readonly TableCell[] {
    const cells: TableCell[] = [];
    this.#cells.forEach((peers, place) => {
      if (peers !== undefined) cells.push({ row: Math.floor(place / columnCount), column: place % columnCount, peers });
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
    return this.#closestIn(this.#cells[row * columnCount + column], key, than, accepts);
  }

  /** Of all rows from `row` on. */
  #closestBelow(row: number, key: Id, than: Id | undefined, accepts: (peer: Peer) => boolean): Peer | undefined {
    let best: Peer | undefined;
    for (let place = row * columnCount; place < this.#cells.length; place++) {
      best = this.#closestIn(this.#cells[place], key, best?.id ?? than, accepts) ?? best;
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

  /** Of the cell that the id belongs into; −1 for this node's own id. */
  #placeOf(id: Id): number {
    return this.#placeOfDigits(id.hex, idDigits);
  }

  /** As far as the first `count` digits tell. */
  #placeOfDigits(digits: string, count: number): number {
    const { hex } = this.#self;
    let row = 0;
    while (row < count && hex.charCodeAt(row) === digits.charCodeAt(row)) row++;
    return row < count ? row * columnCount + digitAt(digits, row) : -1;
  }

  /** In a full table: a small cell grows at the cost of the largest, a large one only takes what is better than its worst. */
  #makeRoom(peer: Peer): boolean {
    const cell = this.cellOf(peer.id);
    if (cell.length < this.#cellSize) {
      this.#dropWorst(this.#largestCell());
      return true;
    }
    const worst = cell[cell.length - 1];
    if (worst === undefined || !isBetter(peer, worst)) return false;
    this.remove(worst);
    return true;
  }

  #largestCell(): readonly Peer[] {
    let largest = nobody;
    for (const cell of this.#cells) if (cell !== undefined && cell.length > largest.length) largest = cell;
    return largest;
  }

  #dropWorst(cell: readonly Peer[]): void {
    const worst = cell[cell.length - 1];
    if (worst !== undefined) this.remove(worst);
  }
}

/** The place that the peer would take in the cell. */
function rankIn(cell: readonly Peer[], peer: Peer): number {
  const worse = cell.findIndex((other) => isBetter(peer, other));
  return worse < 0 ? cell.length : worse;
}

function isBetter(a: Peer, b: Peer): boolean {
  if (a.connected !== b.connected) return a.connected;
  if (a.rttMeanMs < 0 || b.rttMeanMs < 0) return a.rttMeanMs >= 0 && b.rttMeanMs < 0;
  return a.rttMeanMs < b.rttMeanMs;
}
