import type { Engine } from './engine.ts';
import type { Host } from './host.ts';

/**
 * When a checker's demand holds: at every moment; as long as nothing goes wrong; or some time after the last fault
 * (DESIGN §9).
 */
export type Demand = 'always' | 'calm' | 'eventually';

export interface Violation {
  readonly checker: string;
  readonly demand: Demand;
  readonly atMs: number;
  readonly hosts: readonly Host[];
  readonly message: string;
}

/** The first ones say what happened; a thousand more of the same kind do not. */
const perCheckerMax = 10;

/** What the checkers have found. */
export class Violations {
  readonly list: Violation[] = [];
  private readonly engine: Engine;
  private readonly counts = new Map<string, number>();

  constructor(engine: Engine) {
    this.engine = engine;
  }

  get total(): number {
    let total = 0;
    for (const count of this.counts.values()) total += count;
    return total;
  }

  add(checker: string, demand: Demand, message: string, hosts: readonly Host[]): void {
    const count = (this.counts.get(checker) ?? 0) + 1;
    this.counts.set(checker, count);
    if (count <= perCheckerMax) this.list.push({ checker, demand, atMs: this.engine.now, hosts, message });
  }
}
