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

/**
 * The prefix routing table (Plaxton, Rajaraman, Richa 1997; Pastry): row = digits shared with this node, column = next digit.
 * Rows are made when their first contact comes. As long as there is room in the table a cell takes all that it is offered;
 * when there is none, cells beyond their size give way to the smaller ones.
 */
export class RoutingTable {
  readonly #self: Id;
  readonly #cellSize: number;
  #contactsMax: number;
  /** Cell by cell, row by row: most cells have so few contacts that a list of its own would take each more room than they do. */
  #peers: Peer[] = [];
  /** Where in that list the cell of each place ends, which is where that of the next place begins. */
  #ends: readonly number[] = [];

  constructor(self: Id, cellSize: number, contactsMax: number) {
    this.#self = self;
    this.#cellSize = cellSize;
    this.#contactsMax = contactsMax;
  }

  get size(): number {
    return this.#peers.length;
  }

  /** How many contacts it has room for. */
  get contactsMax(): number {
    return this.#contactsMax;
  }

  get rowCount(): number {
    return this.#ends.length / columnCount;
  }

  /** From now on at most so many contacts; of those beyond, the worst of the largest cells go. */
  limit(contactsMax: number): void {
    this.#contactsMax = contactsMax;
    while (this.size > contactsMax) this.#dropWorst(this.#largestCell());
  }

  /** Whether `insert` would take a contact with this id that is better than none. */
  hasRoomFor(id: Id): boolean {
    if (id.equals(this.#self)) return false;
    return this.size < this.#contactsMax || this.#lengthOf(this.#placeOf(id)) < this.#cellSize;
  }

  /** Takes the peer into its cell, or puts it to its new place there. Whether it is in the table afterwards. */
  insert(peer: Peer): boolean {
    if (peer.id.equals(this.#self)) return false;
    const place = this.#placeOf(peer.id);
    const isFull = this.size >= this.#contactsMax;
    if (peer.isTabled) this.remove(peer);
    else if (isFull && !this.#makeRoom(peer, place)) return false;
    while (this.#ends.length <= place) this.#ends = this.#ends.concat(Array.from({ length: columnCount }, () => this.size));
    this.#peers.splice(this.#rankOf(peer, place), 0, peer);
    this.#moveEnds(place, 1);
    peer.isTabled = true;
    // A list that grew has room for half as many again, and this one grows no more.
    if (!isFull && this.size === this.#contactsMax) this.#peers = this.#peers.slice();
    return true;
  }

  remove(peer: Peer): void {
    if (!peer.isTabled) return;
    const place = this.#placeOf(peer.id);
    this.#peers.splice(this.#peers.indexOf(peer, this.#startOf(place)), 1);
    this.#moveEnds(place, -1);
    peer.isTabled = false;
  }

  /**
   * The acceptable contact closest to `key`, if it is closer than `than` (when given). Looks into the cell that shares one more digit with the
   * key, which has nearly always one; only when it has none, at those around it.
   */
  closest(key: Id, than: Id | undefined, accepts: (peer: Peer) => boolean): Peer | undefined {
    const row = sharedPrefixLength(this.#self, key);
    if (row >= idDigits) return this.#closestBelow(0, key, than, accepts);
    return this.#closestIn(this.#placeOf(key), key, than, accepts) ?? this.#closestAround(row, key, than, accepts);
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
    const place = this.#placeOf(key);
    return this.#peers.slice(this.#startOf(place), this.#endOf(place));
  }

  /** Whether the place of this name lies in a cell that has room, or the table has, and nobody there is named so. */
  lacks(name: MemberName): boolean {
    const place = this.#placeOfDigits(name, nameDigits);
    if (this.size >= this.#contactsMax && this.#lengthOf(place) >= this.#cellSize) return false;
    const top = topOf(name);
    const end = this.#endOf(place);
    for (let at = this.#startOf(place); at < end; at++) {
      const { contact } = this.#peers[at] as Peer;
      if (contact.id.top === top && nameOf(contact) === name) return false;
    }
    return true;
  }

  /** The contacts in the arc. A cell is an arc itself, so that most cells need no look at their contacts. */
  within({ from, to }: Arc): readonly Peer[] {
    const length = from.equals(to) ? ringTops : clockwiseTop(from, to);
    const found: Peer[] = [];
    let start = 0;
    for (const [place, end] of this.#ends.entries()) {
      if (end > start && this.#meets(place, from.top, length)) {
        for (const peer of this.#peers.slice(start, end)) if (inArc(peer.id, from, to)) found.push(peer);
      }
      start = end;
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
    return this.#peers.slice();
  }

  /** The acceptable contacts, cell by cell. */
  where(accepts: (peer: Peer) => boolean): readonly Peer[] {
    return this.#peers.filter(accepts);
  }

  row(row: number): readonly Peer[] {
    const first = row * columnCount;
    return this.#peers.slice(this.#startOf(first), this.#endOf(first + columnCount - 1));
  }

  /** The cells that are not empty, row by row. */
  cells(): readonly TableCell[] {
    const cells: TableCell[] = [];
    let start = 0;
    for (const [place, end] of this.#ends.entries()) {
      if (end > start) {
        cells.push({ row: Math.floor(place / columnCount), column: place % columnCount, peers: this.#peers.slice(start, end) });
      }
      start = end;
    }
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
    return this.#closestIn(row * columnCount + column, key, than, accepts);
  }

  /** Of all rows from `row` on. */
  #closestBelow(row: number, key: Id, than: Id | undefined, accepts: (peer: Peer) => boolean): Peer | undefined {
    let best: Peer | undefined;
    for (let place = row * columnCount; place < this.#ends.length; place++) {
      best = this.#closestIn(place, key, best?.id ?? than, accepts) ?? best;
    }
    return best;
  }

  #closestIn(place: number, key: Id, than: Id | undefined, accepts: (peer: Peer) => boolean): Peer | undefined {
    let best: Peer | undefined;
    const end = this.#endOf(place);
    for (let at = this.#startOf(place); at < end; at++) {
      const peer = this.#peers[at] as Peer;
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
  #makeRoom(peer: Peer, place: number): boolean {
    if (this.#lengthOf(place) < this.#cellSize) {
      this.#dropWorst(this.#largestCell());
      return true;
    }
    const worst = this.#worstOf(place);
    if (worst === undefined || !isBetter(peer, worst)) return false;
    this.remove(worst);
    return true;
  }

  /** Its place. */
  #largestCell(): number {
    let largest = 0;
    for (let place = 1; place < this.#ends.length; place++) if (this.#lengthOf(place) > this.#lengthOf(largest)) largest = place;
    return largest;
  }

  #dropWorst(place: number): void {
    const worst = this.#worstOf(place);
    if (worst !== undefined) this.remove(worst);
  }

  #worstOf(place: number): Peer | undefined {
    return this.#lengthOf(place) === 0 ? undefined : this.#peers[this.#endOf(place) - 1];
  }

  /** Where in the list the peer goes, in the cell of this place. */
  #rankOf(peer: Peer, place: number): number {
    const end = this.#endOf(place);
    let at = this.#startOf(place);
    while (at < end && !isBetter(peer, this.#peers[at] as Peer)) at++;
    return at;
  }

  /** Of the cell, in the list; a place outside the table has an empty cell at its end. */
  #startOf(place: number): number {
    return place === 0 ? 0 : this.#endOf(place - 1);
  }

  #endOf(place: number): number {
    return this.#ends[place] ?? this.size;
  }

  #lengthOf(place: number): number {
    return this.#endOf(place) - this.#startOf(place);
  }

  /** The cell has so many more, and those behind it begin so much later. */
  #moveEnds(place: number, by: number): void {
    const ends = this.#ends as number[];
    for (let at = place; at < ends.length; at++) ends[at] = (ends[at] as number) + by;
  }
}

function isBetter(a: Peer, b: Peer): boolean {
  if (a.connected !== b.connected) return a.connected;
  if (a.rttMeanMs < 0 || b.rttMeanMs < 0) return a.rttMeanMs >= 0 && b.rttMeanMs < 0;
  return a.rttMeanMs < b.rttMeanMs;
}
