import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { PathLock } from '../../src/lock/path-lock.ts';
import { temporaryDirectory } from '../support/directory.ts';

async function startHolder(path: string): Promise<{ child: ChildProcess; said: string }> {
  const script = join(import.meta.dirname, 'lock-holder.child.ts');
  const child = spawn(process.execPath, ['--conditions=source', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = await once(createInterface(child.stdout!), 'line');
  return { child, said };
}

test('a second daemon is refused and told who holds the path', async () => {
  const path = await temporaryDirectory();
  const lock = await PathLock.acquire(path);
  await expect(PathLock.acquire(path)).rejects.toMatchObject({ exitCode: 8, message: expect.stringContaining(`process ${process.pid}`) });
  await lock.release();
  await (await PathLock.acquire(path)).release();
});

test('a stopped daemon keeps its lock for however long; a killed one loses it at once', async () => {
  const path = await temporaryDirectory();
  const { child, said } = await startHolder(path);
  expect(said).toBe('held');
  child.kill('SIGSTOP');
  for (const name of await readdir(path)) await utimes(join(path, name), 0, 0);
  await expect(PathLock.acquire(path)).rejects.toMatchObject({ exitCode: 8, message: expect.stringContaining(`process ${child.pid}`) });
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
  await PathLock.acquire(path);
});

test('a process that merely has the id of a dead holder holds nothing', async () => {
  const path = await temporaryDirectory();
  await writeFile(join(path, 'lock-3'), JSON.stringify({ pid: process.pid, started: 'another-boot:1' }));
  await PathLock.acquire(path);
});

test('a lock file that a crash of the machine has spoilt holds nothing', async () => {
  const path = await temporaryDirectory();
  await writeFile(join(path, 'lock-1'), '{"pid":');
  await PathLock.acquire(path);
});

test('of many that take over a dead lock at the same time one wins', async () => {
  const path = await temporaryDirectory();
  await writeFile(join(path, 'lock-7'), JSON.stringify({ pid: 2 ** 22 + 1, started: 'gone' }));
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => PathLock.acquire(path)));
  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
});

test('of several processes that start at the same time one wins', async () => {
  const path = await temporaryDirectory();
  const holders = await Promise.all([startHolder(path), startHolder(path), startHolder(path)]);
  expect(holders.filter(({ said }) => said === 'held')).toHaveLength(1);
  expect(holders.filter(({ said }) => said.startsWith('8 a daemon already runs'))).toHaveLength(2);
});

test('a path that is a file is refused and says so', async () => {
  const file = join(await temporaryDirectory(), 'file');
  await writeFile(file, '');
  await expect(PathLock.acquire(file)).rejects.toMatchObject({ exitCode: 1, message: expect.stringContaining(`cannot use ${file}`) });
});
