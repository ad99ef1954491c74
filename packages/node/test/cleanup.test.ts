import { expect, test } from 'vitest';
import { Cleanup } from '../src/cleanup.ts';

test('steps run last first, each once, also behind one that fails', async () => {
  const log: string[] = [];
  const cleanup = new Cleanup();
  cleanup.add(async () => void log.push('lock'));
  cleanup.add(async () => {
    log.push('store');
    throw new Error('disk');
  });
  cleanup.add(async () => void log.push('server'));
  await expect(cleanup.run()).rejects.toThrow('disk');
  await cleanup.run();
  expect(log).toEqual(['server', 'store', 'lock']);
});
