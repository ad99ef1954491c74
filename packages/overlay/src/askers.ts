import type { NodeLife } from './contact.ts';
import { SparseMap } from './sparse-map.ts';

/** Remembered at most: twice the members of a leaf set. What does not fit has to be asked. */
const askersMax = 64;

interface Asker {
  readonly incarnation: number;
  readonly askedMs: number;
}

/** Who asked for this node over the ring of late, by the word of those who passed the question on. */
export class Askers {
  readonly #byHex: SparseMap<string, Asker> = new SparseMap();

  note({ id, incarnation }: NodeLife, nowMs: number): void {
    this.#byHex.delete(id.hex);
    this.#byHex.set(id.hex, { incarnation, askedMs: nowMs });
    this.#byHex.keepLatest(askersMax);
  }

  /** When this life of the node asked last; −∞ when it is not known to have done so. */
  askedMs({ id, incarnation }: NodeLife): number {
    const asker = this.#byHex.get(id.hex);
    return asker?.incarnation === incarnation ? asker.askedMs : Number.NEGATIVE_INFINITY;
  }
}
