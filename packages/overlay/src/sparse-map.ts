/**
 * A `Map` that takes next to no room while it is empty, as most maps of an idle node are: an empty `Map` has 180 bytes, and a node
 * has dozens of them.
 */
export class SparseMap<K, V> {
  #entries: Map<K, V> | undefined;

  get size(): number {
    return this.#entries === undefined ? 0 : this.#entries.size;
  }

  get(key: K): V | undefined {
    return this.#entries?.get(key);
  }

  has(key: K): boolean {
    return this.#entries?.has(key) === true;
  }

  set(key: K, value: V): void {
    this.#entries ??= new Map();
    this.#entries.set(key, value);
  }

  delete(key: K): boolean {
    if (this.#entries?.delete(key) !== true) return false;
    // Whoever goes through the entries at this moment has come to their end.
    if (this.#entries.size === 0) this.#entries = undefined;
    return true;
  }

  /** Forgets those that were set first, down to `count`. */
  keepLatest(count: number): void {
    for (const key of this.keys()) {
      if (this.size <= count) return;
      this.delete(key);
    }
  }

  clear(): void {
    this.#entries = undefined;
  }

  /** In the order in which they were set first. */
  keys(): Iterable<K> {
    return this.#entries?.keys() ?? [];
  }

  values(): Iterable<V> {
    return this.#entries?.values() ?? [];
  }

  [Symbol.iterator](): Iterator<[K, V]> {
    return (this.#entries ?? [])[Symbol.iterator]() as Iterator<[K, V]>;
  }
}
