import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Id } from '@dht/overlay';
import { expect, test } from 'vitest';
import { Store } from '../../src/store/store.ts';
import { testBlock } from '../support/blocks.ts';
import { temporaryDirectory } from '../support/directory.ts';

const writer = join(import.meta.dirname, 'store-writer.child.ts');
const wholeRing = { from: Id.fromBigInt(0n), to: Id.fromBigInt(0n) };

interface Line {
  readonly outcome: string;
  readonly seed: number;
  readonly size: number;
}

/** Runs the writer until it ends or `until` is true for what it has acknowledged; then it is killed with SIGKILL. */
async function runWriter(command: string, args: readonly string[], until: (lines: readonly Line[]) => boolean): Promise<Line[]> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const exit = once(child, 'exit');
  const lines: Line[] = [];
  for await (const line of createInterface(child.stdout)) {
    const [outcome = '', seed, size] = line.split(' ');
    lines.push({ outcome, seed: Number(seed), size: Number(size) });
    if (until(lines)) child.kill('SIGKILL');
  }
  await exit;
  return lines;
}

async function expectWhole(directory: string, lines: readonly Line[]): Promise<void> {
  const store = await Store.open({ directory, reserveBytes: 0 });
  for (const { seed, size } of lines.filter((line) => line.outcome === 'stored')) {
    const block = testBlock(seed, size);
    expect(Buffer.compare((await store.blocks.get(block.key)) ?? Buffer.alloc(0), block.bytes)).toBe(0);
  }
  const { blocks } = store.blocks.list(wholeRing, undefined, 100_000);
  expect([store.blocks.blocks, store.blocks.bytes]).toEqual([blocks.length, blocks.reduce((sum, block) => sum + block.size, 0)]);
  for (const { key } of blocks) expect(await store.blocks.get(key)).toBeDefined();
  await store.close();
  const files = await readdir(join(directory, 'blocks'), { recursive: true, withFileTypes: true });
  expect(files.filter((file) => file.isFile())).toHaveLength(blocks.filter((block) => block.size > 16 * 1024).length);
}

test('kill -9 in the middle of writing loses nothing acknowledged, leaves nothing half and opens clean', async () => {
  const directory = await temporaryDirectory();
  const acknowledged: Line[] = [];
  for (const round of [1, 2, 3]) {
    const args = ['--conditions=source', writer, directory, '100000', '50000', '16'];
    // The kill comes while up to 16 more writes are under way.
    acknowledged.push(...(await runWriter(process.execPath, args, (lines) => lines.length > acknowledged.length + 37 * round)));
    await expectWhole(directory, acknowledged);
  }
  expect(acknowledged.filter((line) => line.outcome === 'stored').length).toBeGreaterThan(100);
});

test('a write that the disk refuses is full, leaves nothing half, and the store goes on', async () => {
  const directory = await temporaryDirectory();
  // No file may grow beyond 64 KiB: blocks of 100,000 bytes fail as on a full disk, those of 1,000 bytes until the index is full.
  const shell = `trap '' XFSZ; ulimit -f 64; exec "$0" "$@"`;
  const args = ['-c', shell, process.execPath, '--conditions=source', writer, directory, '200', '100000', '4'];
  const lines = await runWriter('bash', args, () => false);
  expect(lines.at(-1)?.outcome).toBe('closed');
  const outcomes = lines.slice(0, -1);
  expect(new Set(outcomes.filter((line) => line.size === 100_000).map((line) => line.outcome))).toEqual(new Set(['full']));
  const small = outcomes.filter((line) => line.size === 1000).map((line) => line.outcome);
  expect(new Set(small)).toEqual(new Set(['stored', 'full']));
  await expectWhole(directory, outcomes);
});
