import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DaemonProcess } from '../lib/daemon-process.ts';
import { freePort } from '../lib/port.ts';

async function endOf(start: (path: string) => Promise<DaemonProcess>): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'dht-daemon-'));
  try {
    const daemon = await start(join(folder, 'node'));
    await daemon.ended;
    return daemon.crashed;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a daemon that finds nobody to join through has not crashed', async () => {
  const spawned = async (path: string): Promise<DaemonProcess> =>
    DaemonProcess.spawn({ path, port: await freePort(), join: [`/ip4/127.0.0.1/tcp/${await freePort()}`], environment: {} });
  expect(await endOf(spawned)).toBe(false);
});

test('a daemon that ends for another reason before it is ready has crashed', async () => {
  const spawned = async (path: string): Promise<DaemonProcess> =>
    DaemonProcess.spawn({ path, port: await freePort(), join: ['no address'], environment: {} });
  expect(await endOf(spawned)).toBe(true);
});
