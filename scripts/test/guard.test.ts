import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Guard } from '../lib/guard.ts';
import { killMarked, markedProcesses } from '../lib/guard-sweep.ts';

const idle = ['-e', 'setInterval(() => undefined, 1000)'];

describe.skipIf(!existsSync('/proc/self/environ'))('the guard of a run', () => {
  let guard: Guard;

  beforeEach(async () => {
    guard = await Guard.start('guard-test', { keep: false });
  });
  afterEach(() => guard.close());

  test('kills what the run has started, frozen processes too, and removes its folder', async () => {
    const child = spawn(process.execPath, idle, { env: { ...guard.environment }, detached: true, stdio: 'ignore' });
    await once(child, 'spawn');
    child.kill('SIGSTOP');
    const exit = once(child, 'exit');
    await guard.close();
    expect(await exit).toEqual([null, 'SIGKILL']);
    expect(existsSync(guard.folder)).toBe(false);
  });

  test('a process of another run is left alone', async () => {
    const stranger = spawn(process.execPath, idle, { env: { DHT_SCRIPT_RUN: `${basename(guard.folder)}-other` }, stdio: 'ignore' });
    await once(stranger, 'spawn');
    await guard.close();
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    const exit = once(stranger, 'exit');
    expect(await killMarked(`${basename(guard.folder)}-other`)).toBe(1);
    await exit;
  });
});

test.skipIf(!existsSync('/proc/self/environ'))('kill -9 of the script itself leaves neither process nor folder behind', async () => {
  const script = fileURLToPath(new URL('./fixtures/guarded-script.ts', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [folder] = (await once(lines, 'line')) as [string];
  const mark = basename(folder);
  expect(markedProcesses(mark)).toHaveLength(1);
  child.kill('SIGKILL');
  await expect.poll(() => existsSync(folder), { timeout: 10_000 }).toBe(false);
  expect(markedProcesses(mark)).toEqual([]);
});
