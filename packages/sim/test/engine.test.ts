import { expect, test } from 'vitest';
import { Engine, type EventTarget, eventKind, type SimEvent } from '../src/engine/engine.ts';

class Target implements EventTarget {
  readonly index = 3;
  life = 0;
  readonly fired: unknown[] = [];
  fire(event: SimEvent): void {
    this.fired.push(event.subject);
  }
}

test('events meant for an earlier process are void', () => {
  const engine = new Engine();
  const target = new Target();
  engine.schedule(10, eventKind.io, target, 'old');
  target.life++;
  engine.schedule(20, eventKind.io, target, 'new');
  engine.runUntil(100);
  expect(target.fired).toEqual(['new']);
  expect(engine.now).toBe(100);
});

test('what is due in the past happens now, never before', () => {
  const engine = new Engine();
  const times: number[] = [];
  engine.at(50, () => engine.at(10, () => times.push(engine.now)));
  engine.runUntil(60);
  expect(times).toEqual([50]);
});

test('the fingerprint tells streams of events apart', () => {
  const run = (at: number, kind: typeof eventKind.io | typeof eventKind.timer): string => {
    const engine = new Engine();
    engine.schedule(at, kind, new Target());
    engine.runUntil(100);
    return engine.fingerprint;
  };
  const same = run(1, eventKind.io);
  expect(run(1, eventKind.io)).toBe(same);
  expect(run(2, eventKind.io)).not.toBe(same);
  expect(run(1, eventKind.timer)).not.toBe(same);
});
