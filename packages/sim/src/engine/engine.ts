import { EventQueue } from './event-queue.ts';

/** What an event does when its time has come. The numbers go into the fingerprint of the run. */
export const eventKind = {
  task: 0,
  timer: 1,
  message: 2,
  block: 3,
  connected: 4,
  disconnected: 5,
  unreachable: 6,
  dropped: 7,
  io: 8,
} as const;

export type EventKind = (typeof eventKind)[keyof typeof eventKind];

/** Whoever events are addressed to; a host of the simulated network. */
export interface EventTarget {
  readonly index: number;
  /** Counts the processes that have run there: events meant for an earlier one are void. */
  readonly life: number;
  fire(event: SimEvent): void;
}

/**
 * One thing that will happen. Records are pooled and all have the same shape, because millions of them are made; `subject` and
 * `extra` hold what the target knows to expect for the kind.
 */
export class SimEvent {
  kind: EventKind = eventKind.task;
  target: EventTarget | undefined = undefined;
  life = 0;
  subject: unknown = undefined;
  extra: unknown = undefined;
  /** What comes over a line and has to go through it still; 0 when nothing has. */
  bytes = 0;
}

/** Records kept for reuse at most; beyond it the garbage collector has them. */
const poolMax = 100_000;

/** Virtual time: takes events in order and hands each to its target. Time is in milliseconds since the start of the run. */
export class Engine {
  now = 0;
  /** Events carried out. */
  events = 0;
  private hash = 0x811c9dc5;
  private readonly queue = new EventQueue<SimEvent>();
  private readonly pool: SimEvent[] = [];

  /** Events that wait. */
  get pending(): number {
    return this.queue.size;
  }

  /** Identifies the stream of events so far: equal for equal seeds, and hardly ever otherwise. */
  get fingerprint(): string {
    return (this.hash >>> 0).toString(16).padStart(8, '0');
  }

  schedule(time: number, kind: EventKind, target: EventTarget, subject?: unknown, extra?: unknown, bytes: number = 0): void {
    const event = this.pool.pop() ?? new SimEvent();
    event.kind = kind;
    event.target = target;
    event.life = target.life;
    event.subject = subject;
    event.extra = extra;
    event.bytes = bytes;
    this.queue.push(Math.max(time, this.now), event);
  }

  /** Runs `task` at `time`, whatever happens to any host meanwhile. For the rare things: faults, churn, workload. */
  at(time: number, task: () => void): void {
    const event = this.pool.pop() ?? new SimEvent();
    event.kind = eventKind.task;
    event.target = undefined;
    event.subject = task;
    this.queue.push(Math.max(time, this.now), event);
  }

  after(delayMs: number, task: () => void): void {
    this.at(this.now + delayMs, task);
  }

  /** Carries out everything up to and including `end`, and leaves the time there. */
  runUntil(end: number): void {
    const { queue } = this;
    while (queue.nextTime <= end) {
      this.now = queue.nextTime;
      this.dispatch(queue.pop() as SimEvent);
    }
    this.now = end;
  }

  private dispatch(event: SimEvent): void {
    const { target } = event;
    if (target === undefined) {
      this.count(eventKind.task, -1);
      (event.subject as () => void)();
    } else if (target.life === event.life) {
      this.count(event.kind, target.index);
      target.fire(event);
    }
    event.target = undefined;
    event.subject = undefined;
    event.extra = undefined;
    if (this.pool.length < poolMax) this.pool.push(event);
  }

  /** FNV-1a over microseconds, kind and target. */
  private count(kind: number, target: number): void {
    this.events++;
    let hash = Math.imul(this.hash ^ ((this.now * 1000) | 0), 0x01000193);
    hash = Math.imul(hash ^ kind, 0x01000193);
    this.hash = Math.imul(hash ^ target, 0x01000193);
  }
}
