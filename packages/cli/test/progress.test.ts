import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Output } from '../src/io.ts';
import { ProgressLine, TransferMeter } from '../src/output/progress.ts';

const mebibyte = 2 ** 20;

describe('a transfer', () => {
  test('at a steady pace shows its rate and the time left', () => {
    const meter = new TransferMeter(100 * mebibyte, 0);
    for (let second = 1; second <= 4; second++) meter.add(10 * mebibyte, second * 1000);
    expect(meter.line('photo.jpg', 4000)).toBe('photo.jpg   40%  40.0 MiB of 100 MiB  10.0 MiB/s  6 s left');
  });

  test('that becomes slower shows the rate of the last seconds', () => {
    const meter = new TransferMeter(1000 * mebibyte, 0);
    for (let second = 1; second <= 10; second++) meter.add(50 * mebibyte, second * 1000);
    for (let second = 11; second <= 20; second++) meter.add(mebibyte, second * 1000);
    expect(meter.rate(20_000) / mebibyte).toBeCloseTo(1, 1);
  });

  test('that stalls shows a falling rate', () => {
    const meter = new TransferMeter(100 * mebibyte, 0);
    meter.add(10 * mebibyte, 1000);
    expect(meter.rate(1000) / mebibyte).toBeCloseTo(10);
    expect(meter.rate(10_000) / mebibyte).toBeCloseTo(1);
  });

  test('that goes on where it ended does not count the old bytes as speed', () => {
    const meter = new TransferMeter(100 * mebibyte, 0);
    meter.skip(50 * mebibyte);
    meter.add(10 * mebibyte, 1000);
    expect(meter.line('x', 1000)).toBe('x   60%  60.0 MiB of 100 MiB  10.0 MiB/s  4 s left');
  });

  test('of unknown length shows what has come', () => {
    const meter = new TransferMeter(undefined, 0);
    meter.add(mebibyte, 1000);
    expect(meter.line('standard input', 1000)).toBe('standard input  1.0 MiB  1.0 MiB/s');
  });

  test('of nothing is complete', () => {
    expect(new TransferMeter(0, 0).line('empty', 10)).toContain('100%');
  });
});

describe('the progress line', () => {
  function terminal(isTTY: boolean): { output: Output; text: () => string } {
    const stream = new PassThrough();
    return { output: Object.assign(stream, { isTTY, columns: 40 }), text: () => String(stream.read() ?? '') };
  }

  test('appears only when something takes long, fits the terminal and goes away without a trace', () => {
    let nowMs = 0;
    const { output, text } = terminal(true);
    const line = new ProgressLine(
      output,
      true,
      () => nowMs,
      () => 'x'.repeat(100),
    );
    nowMs = 100;
    line.draw();
    expect(text()).toBe('');
    nowMs = 1000;
    line.draw();
    expect(text()).toBe(`\r\u001b[2K${'x'.repeat(39)}`);
    line.close();
    expect(text()).toBe('\r\u001b[2K');
  });
});
