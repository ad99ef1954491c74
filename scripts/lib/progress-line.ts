/** Between two lines where there is no terminal to draw one line over itself. */
const plainPeriodMs = 10_000;
const drawPeriodMs = 500;

/** One live line on stderr about what is going on; on a pipe a line every ten seconds. */
export class ProgressLine {
  private readonly text: () => string;
  private readonly timer: NodeJS.Timeout;
  private drawn = false;

  constructor(text: () => string) {
    this.text = text;
    this.timer = setInterval(() => this.draw(), process.stderr.isTTY ? drawPeriodMs : plainPeriodMs);
    this.timer.unref();
  }

  /** A line that stays. */
  note(line: string): void {
    this.erase();
    process.stderr.write(`${line}\n`);
  }

  close(): void {
    clearInterval(this.timer);
    this.erase();
  }

  private draw(): void {
    if (!process.stderr.isTTY) {
      process.stderr.write(`${this.text()}\n`);
      return;
    }
    process.stderr.write(`\r\u001b[2K${this.text().slice(0, (process.stderr.columns ?? 80) - 1)}`);
    this.drawn = true;
  }

  private erase(): void {
    if (this.drawn) process.stderr.write('\r\u001b[2K');
    this.drawn = false;
  }
}
