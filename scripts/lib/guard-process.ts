// The second process of `guard.ts`: waits until its standard input closes, then leaves nothing of the run behind.
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { killMarked } from './guard-sweep.ts';

const [folder, disposal] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: guard-process <folder> keep|remove');

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.stdin.resume();
await once(process.stdin, 'close');
await killMarked(basename(folder));
if (disposal !== 'keep') await rm(folder, { recursive: true, force: true, maxRetries: 5 });
