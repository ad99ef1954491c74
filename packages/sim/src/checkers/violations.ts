import type { Engine } from '../engine/engine.ts';
import type { Host } from '../machine/host.ts';
import type { RecentMessage, RecentMessages } from '../network/recent-messages.ts';

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
  /** From, to and between those concerned, oldest first. */
  readonly lastMessages: readonly RecentMessage[];
}

/** The first ones say what happened; a thousand more of the same kind do not. */
const perCheckerMax = 10;
const lastMessagesMax = 12;

/** What the checkers have found. */
export class Violations {
  readonly list: Violation[] = [];
  /** Told of each that is listed, while the world is still as it was found. */
  onListed: ((violation: Violation) => void) | undefined = undefined;
  private readonly engine: Engine;
  private readonly recent: RecentMessages;
  private readonly counts = new Map<string, number>();

  constructor(engine: Engine, recent: RecentMessages) {
    this.engine = engine;
    this.recent = recent;
  }

  get total(): number {
    let total = 0;
    for (const count of this.counts.values()) total += count;
    return total;
  }

  add(checker: string, demand: Demand, message: string, hosts: readonly Host[]): void {
    const count = (this.counts.get(checker) ?? 0) + 1;
    this.counts.set(checker, count);
    if (count > perCheckerMax) return;
    const concerned = hosts.map(({ index }) => index);
    const lastMessages = this.recent.among(concerned, lastMessagesMax);
    const violation = { checker, demand, atMs: this.engine.now, hosts, message, lastMessages };
    this.list.push(violation);
    this.onListed?.(violation);
  }
}
