import type { Contact } from './contact.ts';
import type { Id } from './id.ts';
import type { FailedEntry } from './messages.ts';
import { SparseMap } from './sparse-map.ts';

/** Others have heard of a failure that is older than this. */
const recentMs = 120_000;
/** Bits of a small integer. */
const marks = 30;

interface Failed {
  readonly id: Id;
  readonly incarnation: number;
  readonly sinceMs: number;
  /** Said by the node itself. */
  readonly isForGood: boolean;
}

/** Lives of nodes that are over. Keeps gossip from bringing back the dead until the entry expires. */
export class FailedSet {
  readonly #expiryMs: number;
  readonly #entriesMax: number;
  /** Insertion order is age order: an entry that is renewed is inserted anew. */
  readonly #byHex: SparseMap<string, Failed> = new SparseMap();
  /** A bit for each of the entries, by its hash: it is asked of every peer again and again, and hardly any is among them. */
  #marks = 0;

  constructor(expiryMs: number, entriesMax: number) {
    this.#expiryMs = expiryMs;
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    return this.#byHex.size;
  }

  /** By verdict: taken back when the node speaks for itself. */
  add(id: Id, incarnation: number, nowMs: number): void {
    this.#put({ id, incarnation, sinceMs: nowMs, isForGood: false });
  }

  /** By the node's own last word: what arrives from this life of it afterwards is only late. */
  addForGood(id: Id, incarnation: number, nowMs: number): void {
    this.#put({ id, incarnation, sinceMs: nowMs, isForGood: true });
  }

  /** The node spoke for itself. */
  clear(id: Id): void {
    if (!this.#mayHave(id) || this.#byHex.get(id.hex)?.isForGood !== false) return;
    this.#byHex.delete(id.hex);
    this.#markAll();
  }

  /** Whether this life of the node, or a later one, is known to be over. */
  has(id: Id, incarnation: number, nowMs: number): boolean {
    if (!this.#mayHave(id)) return false;
    const entry = this.#byHex.get(id.hex);
    return entry !== undefined && incarnation <= entry.incarnation && nowMs - entry.sinceMs < this.#expiryMs;
  }

  hasContact(contact: Contact, nowMs: number): boolean {
    return this.has(contact.id, contact.incarnation, nowMs);
  }

  /** Milliseconds since the entry was made or renewed; Infinity when there is none. */
  ageMs(id: Id, nowMs: number): number {
    const entry = this.#byHex.get(id.hex);
    return entry === undefined ? Number.POSITIVE_INFINITY : nowMs - entry.sinceMs;
  }

  /** When the latest of those who have not spoken since was found dead; undefined when there is none. */
  latestMs(nowMs: number): number | undefined {
    let latestMs: number | undefined;
    for (const { sinceMs, isForGood } of this.#byHex.values()) if (!isForGood && nowMs - sinceMs < this.#expiryMs) latestMs = sinceMs;
    return latestMs;
  }

  /** The latest entries of those that `concerns` names, at most `count`. */
  recent(count: number, nowMs: number, concerns: (entry: FailedEntry) => boolean): FailedEntry[] {
    const entries: FailedEntry[] = [];
    for (const entry of this.#byHex.values()) {
      const told = { id: entry.id, incarnation: entry.incarnation, ageMs: nowMs - entry.sinceMs };
      if (told.ageMs <= recentMs && concerns(told)) entries.push(told);
    }
    return entries.slice(-count);
  }

  #put(entry: Failed): void {
    this.#expire(entry.sinceMs);
    this.#byHex.delete(entry.id.hex);
    this.#byHex.set(entry.id.hex, entry);
    this.#markAll();
  }

  #expire(nowMs: number): void {
    for (const [hex, entry] of this.#byHex) {
      if (this.#byHex.size < this.#entriesMax && nowMs - entry.sinceMs < this.#expiryMs) return;
      this.#byHex.delete(hex);
    }
  }

  #markAll(): void {
    this.#marks = 0;
    for (const { id } of this.#byHex.values()) this.#marks |= markOf(id);
  }

  #mayHave(id: Id): boolean {
    return (this.#marks & markOf(id)) !== 0;
  }
}

function markOf({ hash }: Id): number {
  return 1 << (hash % marks);
}
