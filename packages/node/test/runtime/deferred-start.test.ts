import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DeferredStart } from '../../src/runtime/deferred-start.ts';

const delayMs = 60_000;

describe('what can wait', () => {
  /** How late timers are. */
  let lateMs = 0;
  let asked = 0;
  const nowMs = (): number => Date.now() + lateMs * asked++;

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    lateMs = 0;
    asked = 0;
  });

  test('starts once, within a quarter of its time, on a machine that has time for it', () => {
    const start = vi.fn();
    const deferred = new DeferredStart(start, delayMs, nowMs);
    deferred.begin();
    deferred.begin();
    vi.advanceTimersByTime(0.75 * delayMs - 1);
    expect(start).not.toHaveBeenCalled();
    vi.advanceTimersByTime(0.5 * delayMs + 1);
    expect(start).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(10 * delayMs);
    expect(start).toHaveBeenCalledOnce();
  });

  test('waits for as long as timers are late', () => {
    const start = vi.fn();
    lateMs = 60;
    new DeferredStart(start, delayMs, nowMs).begin();
    vi.advanceTimersByTime(4 * delayMs);
    expect(start).not.toHaveBeenCalled();
    lateMs = 0;
    vi.advanceTimersByTime(2.5 * delayMs);
    expect(start).toHaveBeenCalledOnce();
  });

  test('starts in the end, on a machine that is always busy', () => {
    const start = vi.fn();
    lateMs = 60;
    new DeferredStart(start, delayMs, nowMs).begin();
    vi.advanceTimersByTime(10 * 0.75 * delayMs);
    expect(start).not.toHaveBeenCalled();
    vi.advanceTimersByTime(20 * delayMs);
    expect(start).toHaveBeenCalledOnce();
  });

  test('does not start any more when it was stopped', () => {
    const start = vi.fn();
    const deferred = new DeferredStart(start, delayMs, nowMs);
    deferred.begin();
    vi.advanceTimersByTime(0.7 * delayMs);
    deferred.stop();
    vi.advanceTimersByTime(10 * delayMs);
    expect(start).not.toHaveBeenCalled();
  });
});
