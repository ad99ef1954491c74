import type { Output } from '../io.ts';
import { shortened } from './text.ts';
import { formatBytes, formatRate, formatTimeLeft } from './units.ts';

/** The rate is that of the last few seconds: long enough to be calm, short enough to follow a change. */
const rateWindowMs = 4000;
/** Transfers that end sooner show no line at all. */
const quietMs = 400;
const redrawMs = 200;
/** A long name leaves room for the figures. */
const labelColumns = 32;

/** Rate and remaining time of one transfer, computed from samples. */
export class TransferMeter {
  #done = 0;
  /** Bytes of an earlier try: done, but they say nothing about the rate. */
  #skipped = 0;
  /** Samples of the last `rateWindowMs`, oldest first, without the skipped bytes. */
  readonly #samples: { readonly atMs: number; readonly done: number }[];
  readonly #total: number | undefined;

  /** `total` in bytes, when known. */
  constructor(total: number | undefined, nowMs: number) {
    this.#total = total;
    this.#samples = [{ atMs: nowMs, done: 0 }];
  }

  /** Bytes altogether. */
  get done(): number {
    return this.#skipped + this.#done;
  }

  skip(bytes: number): void {
    this.#skipped += bytes;
  }

  add(bytes: number, nowMs: number): void {
    this.update(this.#done + bytes, nowMs);
  }

  /** `done`: bytes transferred so far. */
  update(done: number, nowMs: number): void {
    this.#done = done;
    const last = this.#samples.at(-1);
    // A few samples per second say as much as one per chunk.
    if (last !== undefined && nowMs - last.atMs < redrawMs) return;
    this.#samples.push({ atMs: nowMs, done });
    while (this.#samples.length > 2 && nowMs - (this.#samples[1]?.atMs ?? nowMs) > rateWindowMs) this.#samples.shift();
  }

  /** Bytes per second, 0 as long as nothing is known. */
  rate(nowMs: number): number {
    const first = this.#samples[0];
    if (first === undefined || nowMs <= first.atMs) return 0;
    return ((this.#done - first.done) * 1000) / (nowMs - first.atMs);
  }

  /** For example `photo.jpg  41%  1.2 GiB of 2.9 GiB  96.4 MiB/s  18 s left`. */
  line(label: string, nowMs: number): string {
    const { done } = this;
    const rate = this.rate(nowMs);
    const name = shortened(label, labelColumns);
    if (this.#total === undefined) return [name, formatBytes(done), formatRate(rate)].join('  ');
    const percent = this.#total === 0 ? 100 : Math.floor((Math.min(done, this.#total) * 100) / this.#total);
    const parts = [name, `${String(percent).padStart(3)}%`, `${formatBytes(done)} of ${formatBytes(this.#total)}`, formatRate(rate)];
    if (rate > 0 && done < this.#total) parts.push(`${formatTimeLeft(((this.#total - done) * 1000) / rate)} left`);
    return parts.join('  ');
  }
}

/** A line on a terminal that is drawn over itself, for as long as something takes. Draws nothing elsewhere. */
export class ProgressLine {
  readonly #output: Output;
  readonly #monoMs: () => number;
  readonly #text: (nowMs: number) => string;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #startMs: number;
  #drawn = false;

  constructor(output: Output, enabled: boolean, monoMs: () => number, text: (nowMs: number) => string) {
    this.#output = output;
    this.#monoMs = monoMs;
    this.#text = text;
    this.#startMs = monoMs();
    if (!enabled || output.isTTY !== true) return;
    this.#timer = setInterval(() => this.draw(), redrawMs);
    this.#timer.unref();
  }

  /** Draws the line as of now; called by the timer. */
  draw(): void {
    const nowMs = this.#monoMs();
    if (nowMs - this.#startMs < quietMs) return;
    const width = Math.max(20, (this.#output.columns ?? 80) - 1);
    this.#output.write(`\r\u001b[2K${this.#text(nowMs).slice(0, width)}`);
    this.#drawn = true;
  }

  /** Takes the line away. */
  close(): void {
    clearInterval(this.#timer);
    if (this.#drawn) this.#output.write('\r\u001b[2K');
    this.#drawn = false;
  }
}
