/** The columns: what came of talking with a peer. */
export const dealing = {
  connectedMs: 0,
  lastHeardMs: 1,
  lastSentMs: 2,
  listedMs: 3,
  rttMeanMs: 4,
  rttDeviationMs: 5,
  heartbeatMs: 6,
  vouchedMs: 7,
} as const;
const rowLength = 8;
export const never: number = Number.NEGATIVE_INFINITY;
/** Of those with whom there were no dealings. */
const none: readonly number[] = [never, never, never, never, -1, 0, 0, never];
export const rowOfNone = 0;
/** So many are made at once, as they are all copied for it. */
const rowsAtOnce = 4;
const fresh: readonly number[] = Array.from({ length: rowsAtOnce }, () => none).flat();

/**
 * What came of talking with the peers of a node, in one list with a row for each peer with whom there were any dealings. A list of its
 * own takes nearly twice the room, and numbers in an object are objects themselves.
 */
export class Dealings {
  #numbers: readonly number[] = none;
  #rows = 1;

  read(row: number, column: number): number {
    return this.#numbers[row * rowLength + column] as number;
  }

  /** The row must be one that was added. */
  write(row: number, column: number, value: number): void {
    (this.#numbers as number[])[row * rowLength + column] = value;
  }

  /** A row that says nothing yet. */
  addRow(): number {
    // To lengthen a list by one at a time leaves it with room for half as many again.
    if (this.#rows * rowLength === this.#numbers.length) this.#numbers = this.#numbers.concat(fresh);
    return this.#rows++;
  }

  addRowOf(other: Dealings, row: number): number {
    const copy = this.addRow();
    for (let column = 0; column < rowLength; column++) this.write(copy, column, other.read(row, column));
    return copy;
  }
}
