/**
 * How slow this node itself is, as the factor by which it stretches its patience with others (Lifeguard, Dadgar, Phillips and
 * Currey 2018): a node that was wrong about others, or was stopped, is likelier to be the cause than they are.
 */
export class LocalHealth {
  readonly #factorMax: number;
  #factor = 1;

  constructor(factorMax: number) {
    this.#factorMax = factorMax;
  }

  /** 1 when all is well. */
  get factor(): number {
    return this.#factor;
  }

  /** A peer answered in time. */
  good(): void {
    if (this.#factor > 1) this.#factor--;
  }

  /** A suspicion proved wrong, or this process was stalled. */
  bad(): void {
    if (this.#factor < this.#factorMax) this.#factor++;
  }
}
