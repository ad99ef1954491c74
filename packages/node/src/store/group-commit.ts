interface Waiting<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers what comes in while one commit runs into the next one, so that concurrent writers share a disk flush
 * (group commit, DeWitt et al. 1984). A failed commit fails all of its items.
 */
export class GroupCommit<T> {
  private readonly commit: (items: readonly T[]) => Promise<void>;
  private waiting: Waiting<T>[] = [];
  private running: Promise<void> | undefined;

  constructor(commit: (items: readonly T[]) => Promise<void>) {
    this.commit = commit;
  }

  /** Resolves when a commit that contains `item` is done. */
  add(item: T): Promise<void> {
    const done = new Promise<void>((resolve, reject) => this.waiting.push({ item, resolve, reject }));
    this.running ??= this.run();
    return done;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  private async run(): Promise<void> {
    // Let the writers of this turn come together first.
    await undefined;
    while (this.waiting.length > 0) {
      const group = this.waiting;
      this.waiting = [];
      try {
        await this.commit(group.map((waiting) => waiting.item));
        for (const waiting of group) waiting.resolve();
      } catch (error) {
        for (const waiting of group) waiting.reject(error);
      }
    }
    this.running = undefined;
  }
}
