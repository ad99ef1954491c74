import { expect, test } from 'vitest';
import { presets } from '../src/config.ts';
import { Context } from '../src/context.ts';
import { Id } from '../src/index.ts';
import { PacedTimer } from '../src/paced-timer.ts';

const msMin = 1000;
const msMax = 8000;

function start(): { context: Context; timer: PacedTimer } {
  const self = { id: Id.fromHex('1'.repeat(64)), incarnation: 1, role: 'full', address: new Uint8Array(0), addressSeq: 1 } as const;
  const random = { next: () => 0.5 };
  const context = new Context({ self, config: presets.lan, random, previouslyActive: false, remembered: [] });
  const timer = new PacedTimer(context, { kind: 'slowProbe' }, msMin, msMax);
  timer.begin();
  return { context, timer };
}

function advance(context: Context): number {
  const monoMs = context.deadlines.next();
  const passedMs = monoMs - context.now.monoMs;
  context.now = { monoMs, wallMs: monoMs };
  context.deadlines.popDue(monoMs);
  return passedMs;
}

test('rounds are twice as far apart each time, up to the limit', () => {
  const { context, timer } = start();
  const rounds = Array.from({ length: 6 }, () => [advance(context), timer.next()]);
  expect(rounds.map(([passedMs]) => passedMs)).toEqual([1000, 2000, 4000, 8000, 8000, 8000]);
  for (const [passedMs, saidMs] of rounds) expect(saidMs).toBe(passedMs);
});

test('after a change the next round is soon, but changes without end do not put it off', () => {
  const { context, timer } = start();
  for (let i = 0; i < 4; i++) {
    advance(context);
    timer.next();
  }
  timer.quicken();
  const atMs = context.deadlines.next();
  expect(atMs).toBe(context.now.monoMs + msMin);
  context.now = { monoMs: atMs - 1, wallMs: 0 };
  timer.quicken();
  expect(context.deadlines.next()).toBe(atMs);
});
