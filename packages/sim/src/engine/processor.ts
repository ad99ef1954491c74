import type { TransferHeader } from '@dht/storage';
import type { Host } from '../machine/host.ts';
import { type Engine, type EventKind, eventKind } from './engine.ts';

/** The one machine that all hosts of a run share, and what they do there. Times in milliseconds of processor time. */
export interface ProcessorOptions {
  readonly cores: number;
  /** A process that has run for so long lets the next one run. */
  readonly sliceMs: number;
  /** A message from one process to another, on both sides together. */
  readonly messageMs: number;
  /** A new connection, on each side. */
  readonly connectMs: number;
  /** A byte of a block that is sent, received, hashed and written, on both sides together. */
  readonly blockByteMs: number;
}

const timerMs = 0.01;

interface Job {
  leftMs: number;
  readonly done: () => void;
}

/** A process does one thing after another. */
interface Process {
  readonly jobs: Job[];
  isQueued: boolean;
}

/**
 * Processes that share the cores of one machine in turn, a slice each. Without one, as is the rule, every host has a machine of
 * its own on which computing takes no time.
 */
export class Processor {
  /** Processor time spent so far. */
  busyMs = 0;
  private readonly engine: Engine;
  private readonly options: ProcessorOptions;
  private readonly processes = new WeakMap<object, Process>();
  private readonly runnable: Process[] = [];
  private running = 0;

  constructor(engine: Engine, options: ProcessorOptions) {
    this.engine = engine;
    this.options = options;
  }

  /** Has what came to the host computed first, if it takes any computing. */
  queuesBefore(host: Host, kind: EventKind, subject: unknown, extra: unknown): boolean {
    const ms = kind === eventKind.timer && this.isBusy(host) ? timerMs : this.costMs(kind, subject);
    if (ms === 0) return false;
    const { life } = host;
    this.work(host, ms, () => {
      if (host.life === life) host.receive(kind, subject, extra);
    });
    return true;
  }

  /** `who`, a host or whatever else computes, does so for `ms`, after what it has to do already. */
  work(who: object, ms: number, done: () => void): void {
    const process = this.processes.get(who) ?? { jobs: [], isQueued: false };
    this.processes.set(who, process);
    process.jobs.push({ leftMs: ms, done });
    if (process.isQueued) return;
    process.isQueued = true;
    this.runnable.push(process);
    this.fill();
  }

  /** An event loop gets to a timer only after what it is reading: a process that is behind is late with its timers too. */
  private isBusy(host: Host): boolean {
    return (this.processes.get(host)?.jobs.length ?? 0) > 0;
  }

  private costMs(kind: EventKind, subject: unknown): number {
    const { messageMs, connectMs, blockByteMs } = this.options;
    if (kind === eventKind.message) return messageMs;
    if (kind === eventKind.connected) return connectMs;
    if (kind === eventKind.block) return messageMs + blockByteMs * (subject as { readonly header: TransferHeader }).header.block.size;
    return 0;
  }

  /** Gives every idle core the process that waits longest. */
  private fill(): void {
    while (this.running < this.options.cores) {
      const process = this.runnable.shift();
      const job = process?.jobs[0];
      if (process === undefined || job === undefined) return;
      const ms = Math.min(job.leftMs, this.options.sliceMs);
      this.running++;
      this.busyMs += ms;
      this.engine.after(ms, () => this.end(process, job, ms));
    }
  }

  private end(process: Process, job: Job, ms: number): void {
    this.running--;
    job.leftMs -= ms;
    if (job.leftMs <= 0) process.jobs.shift();
    process.isQueued = process.jobs.length > 0;
    if (process.isQueued) this.runnable.push(process);
    if (job.leftMs <= 0) job.done();
    this.fill();
  }
}
