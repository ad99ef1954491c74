import type { TransferHeader } from '@dht/storage';
import type { Host } from '../machine/host.ts';
import type { Dial } from '../network/dialer.ts';
import { congestedMs } from '../network/line.ts';
import { type Engine, type EventKind, eventKind } from './engine.ts';

/** The one machine that all hosts of a run share, and what they do there. Times in milliseconds of processor time. */
export interface ProcessorOptions {
  readonly cores: number;
  /**
   * What a process does first takes so many times as much again, because its code has hardly run, and half of that when it has run for
   * `warmMs` since its start.
   */
  readonly coldExtra: number;
  readonly warmMs: number;
  /** So many times the work of the machine on which the costs were measured is done in a time: 1. */
  readonly speed?: number;
  /** A process that has run for so long lets the next one run. */
  readonly sliceMs: number;
  /** What it takes a process that had nothing to do to begin anew: the switch to it, a turn of its event loop, code and data that are not in any cache. */
  readonly wakeMs: number;
  /** A message from one process to another, on both sides together, when the receiver is awake. */
  readonly messageMs: number;
  /** To begin a dial, whatever becomes of it. */
  readonly dialMs: number;
  /** A new connection, on each side. */
  readonly connectMs: number;
  /** A byte of a block that is read and sent, or received, hashed and written: on each side. */
  readonly blockByteMs: number;
}

/** A timer of a process that is awake. */
const timerMs = 0.01;

interface Job {
  leftMs: number;
  readonly done: () => void;
}

/** A process does one thing after the other, as an event loop does: what it does for one connection holds up the others, and its timers. */
interface Process {
  readonly jobs: Job[];
  isQueued: boolean;
  /** As by SIGSTOP. */
  isStopped: boolean;
  /** How long it has run, and how long since its start. */
  spentMs: number;
  ageMs: number;
  /** The same as the scheduler counts. */
  ranMs: number;
}

/**
 * Processes that share the cores of one machine, a slice at a time. Who has run least is next, and who wakes counts as having run as
 * little as any that waits, as the fair schedulers of Linux have it: one that has little to do hardly waits for those that have much.
 * Without a processor, as is the rule, every host has a machine of its own on which computing takes no time.
 */
export class Processor {
  /** Processor time spent so far. */
  busyMs = 0;
  private readonly engine: Engine;
  private readonly options: ProcessorOptions;
  /** What came to the host waited for longer than a node waits for an answer. */
  private readonly onCongestion: (host: Host) => void;
  private readonly processes = new WeakMap<object, Process>();
  private readonly runnable: Process[] = [];
  private running = 0;
  /** What the process has run that was given a core last: nobody who wakes counts as having run less. */
  private leastMs = 0;

  constructor(engine: Engine, options: ProcessorOptions, onCongestion: (host: Host) => void = () => undefined) {
    this.engine = engine;
    this.options = options;
    this.onCongestion = onCongestion;
  }

  /** Has what came to the host computed first, if it takes any computing. */
  queuesBefore(host: Host, kind: EventKind, subject: unknown, extra: unknown): boolean {
    const ownMs = this.costMs(kind, subject);
    if (ownMs === 0) return false;
    const ms = this.isBusy(host) ? ownMs : ownMs + this.options.wakeMs;
    const { life } = host;
    const cameAt = this.engine.now;
    this.work(host, ms, () => {
      if (host.life !== life) return;
      if (this.engine.now - cameAt > congestedMs) this.onCongestion(host);
      host.receive(kind, subject, extra);
    });
    return true;
  }

  /** The host computes its side of a connection that another opens. */
  answer(host: Host, done: () => void): void {
    this.work(host, this.options.connectMs, done);
  }

  /** The host computes what it sends of a block. */
  sendBlock(host: Host, bytes: number, done: () => void): void {
    this.work(host, this.options.blockByteMs * bytes, done);
  }

  /** `who`, a host or whatever else computes, does so for `ms`, after what it has to do already. */
  work(who: object, ms: number, done: () => void): void {
    const process = this.processOf(who);
    const { coldExtra, warmMs, speed = 1 } = this.options;
    process.jobs.push({ leftMs: (ms * (1 + coldExtra / (1 + process.ageMs / warmMs))) / speed, done });
    this.wake(process);
  }

  /** The process of `who` gets no processor time; what it has to do waits, and what comes to it meanwhile. */
  stop(who: object): void {
    const process = this.processOf(who);
    process.isStopped = true;
    this.takeBack(process);
  }

  goOn(who: object): void {
    const process = this.processOf(who);
    process.isStopped = false;
    this.wake(process);
  }

  /** Processor time that `who` has spent so far. */
  spentMs(who: object): number {
    return this.processes.get(who)?.spentMs ?? 0;
  }

  /** The process of `who` has ended: what it had to do still takes no time any more. */
  abandon(who: object): void {
    const process = this.processes.get(who);
    if (process === undefined) return;
    process.isStopped = false;
    process.ageMs = 0;
    this.takeBack(process);
    for (const { done } of process.jobs.splice(0)) done();
  }

  private processOf(who: object): Process {
    const process = this.processes.get(who) ?? { jobs: [], isQueued: false, isStopped: false, spentMs: 0, ageMs: 0, ranMs: 0 };
    this.processes.set(who, process);
    return process;
  }

  private wake(process: Process): void {
    if (process.isQueued || process.isStopped || process.jobs.length === 0) return;
    process.isQueued = true;
    process.ranMs = Math.max(process.ranMs, this.leastMs);
    this.runnable.push(process);
    this.fill();
  }

  /** It waits for a core no longer. One that has one keeps it to the end of its slice. */
  private takeBack(process: Process): void {
    const place = this.runnable.indexOf(process);
    if (place < 0) return;
    this.runnable.splice(place, 1);
    process.isQueued = false;
  }

  private isBusy(host: Host): boolean {
    return (this.processes.get(host)?.jobs.length ?? 0) > 0;
  }

  private costMs(kind: EventKind, subject: unknown): number {
    const { messageMs, dialMs, connectMs, blockByteMs } = this.options;
    if (kind === eventKind.message) return messageMs;
    // An event loop gets to a timer only after what it is reading: a process that is behind is late with its timers too.
    if (kind === eventKind.timer) return timerMs;
    if (kind === eventKind.connected) return (subject as Dial).accepted ? connectMs : dialMs;
    if (kind === eventKind.block) return messageMs + blockByteMs * (subject as { readonly header: TransferHeader }).header.block.size;
    return 0;
  }

  private fill(): void {
    while (this.running < this.options.cores) {
      const process = this.takeNext();
      const job = process?.jobs[0];
      if (process === undefined || job === undefined) return;
      const ms = Math.min(job.leftMs, this.options.sliceMs);
      this.running++;
      this.busyMs += ms;
      this.leastMs = Math.max(this.leastMs, process.ranMs);
      process.ranMs += ms;
      process.spentMs += ms;
      process.ageMs += ms;
      this.engine.after(ms, () => this.end(process, job, ms));
    }
  }

  /** The one that has run least; of several the one that waits longest. */
  private takeNext(): Process | undefined {
    const { runnable } = this;
    let least = 0;
    for (let i = 1; i < runnable.length; i++) if ((runnable[i] as Process).ranMs < (runnable[least] as Process).ranMs) least = i;
    return runnable.splice(least, 1)[0];
  }

  private end(process: Process, job: Job, ms: number): void {
    this.running--;
    job.leftMs -= ms;
    // Another is there, or none, when the process has ended meanwhile.
    const isCurrent = process.jobs[0] === job;
    if (isCurrent && job.leftMs <= 0) process.jobs.shift();
    process.isQueued = process.jobs.length > 0 && !process.isStopped;
    if (process.isQueued) this.runnable.push(process);
    if (isCurrent && job.leftMs <= 0) job.done();
    this.fill();
  }
}
