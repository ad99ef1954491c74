import { expect, test } from 'vitest';
import { StepRecorder } from '../src/journal/step-recorder.ts';
import type { World } from '../src/world/world.ts';
import { numbered, probeWorld, send, startHost } from './support/probe-core.ts';

const second = 1000;

function recorded(untilMs: number, perHostMax: number): { readonly recorder: StepRecorder; readonly world: World } {
  const world = probeWorld();
  const recorder = new StepRecorder([1], untilMs, perHostMax);
  recorder.attach(world);
  const [a, b] = [startHost(world, 'a'), startHost(world, 'b')];
  for (let nonce = 1; nonce <= 3; nonce++) {
    send(a, b, numbered(nonce));
    world.runFor(second);
  }
  return { recorder, world };
}

test('what a node was told and asked for can be read, with ids cut short', () => {
  const lines = recorded(10 * second, 100)
    .recorder.text()
    .split('\n');
  expect(lines[0]).toBe('0.000 s  #1  starts with incarnation 1');
  expect(lines[1]).toContain('peerConnected {"peer":"a0000000/1"');
  expect(lines.filter((line) => line.includes('← a0000000  probe')).map((line) => line.split('probe ')[1])).toEqual([
    '{"nonce":1,"status":"active"}',
    '{"nonce":2,"status":"active"}',
    '{"nonce":3,"status":"active"}',
  ]);
});

test('only the last steps up to the moment are kept', () => {
  const lines = recorded(1.9 * second, 1)
    .recorder.text()
    .split('\n');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('{"nonce":2,"status":"active"}');
});
