/** A `Set` that takes next to no room while it is empty, as `SparseMap` is a `Map`. */
export class SparseSet<T> {
  #items: Set<T> | undefined;

  get size(): number {
    return this.#items === undefined ? 0 : this.#items.size;
  }

  has(item: T): boolean {
    return this.#items?.has(item) === true;
  }

  add(item: T): void {
    this.#items ??= new Set();
    this.#items.add(item);
  }

  delete(item: T): boolean {
    if (this.#items?.delete(item) !== true) return false;
    // Whoever goes through the items at this moment has come to their end.
    if (this.#items.size === 0) this.#items = undefined;
    return true;
  }

  clear(): void {
    this.#items = undefined;
  }

  /** In the order in which they were added. */
  [Symbol.iterator](): Iterator<T> {
    return (this.#items ?? [])[Symbol.iterator]() as Iterator<T>;
  }
}
