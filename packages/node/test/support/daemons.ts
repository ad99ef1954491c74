import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { ApiClient } from '../../src/api/api-client.ts';
import type { Settings } from '../../src/config/config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { type Daemon, type DaemonOptions, startDaemon } from '../../src/daemon.ts';
import { temporaryDirectory } from './directory.ts';

export interface TestDaemon {
  readonly daemon: Daemon;
  readonly client: ApiClient;
  readonly path: string;
  /** With its peer id. */
  readonly address: string;
}

export interface StartOptions extends Omit<DaemonOptions, 'config'> {
  /** A new directory unless given. */
  readonly path?: string;
  readonly settings?: Settings;
}

/** A daemon on 127.0.0.1 that is a member when this resolves; it stops with the test. */
export async function start({ path, settings, ...options }: StartOptions = {}): Promise<TestDaemon> {
  const started = await startOnly({ ...(path === undefined ? {} : { path }), ...(settings === undefined ? {} : { settings }), ...options });
  await started.daemon.active;
  return started;
}

/** The same, not waiting until it is a member. */
export async function startOnly({ path, settings, ...options }: StartOptions = {}): Promise<TestDaemon> {
  const directory = path ?? join(await temporaryDirectory(), 'node');
  const config = resolveConfig(
    { path: directory, listen: '/ip4/127.0.0.1/tcp/0', logLevel: 'error', reserveMiB: 0, kad: false, ...settings },
    {},
  );
  const daemon = await startDaemon({ config, ...options });
  onTestFinished(() => daemon.stop());
  return { daemon, path: directory, client: await ApiClient.open(directory), address: daemon.multiaddrs()[0] ?? '' };
}

/** One that founds the network and `count - 1` that join through it. */
export async function startNetwork(
  count: number,
  options: Omit<StartOptions, 'path' | 'join'> = {},
): Promise<[TestDaemon, ...TestDaemon[]]> {
  const first = await start(options);
  const others: TestDaemon[] = [];
  for (let i = 1; i < count; i++) others.push(await start({ ...options, join: [first.address] }));
  const nodes: [TestDaemon, ...TestDaemon[]] = [first, ...others];
  // Until then a put makes more copies than r: those of members that are still syncing do not count.
  await vi.waitFor(() => expectSynced(nodes), { timeout: 30_000, interval: 50 });
  return nodes;
}

async function expectSynced(nodes: readonly TestDaemon[]): Promise<void> {
  const states = await Promise.all(nodes.map(({ client }) => client.status()));
  expect(states.map(({ arc }) => arc?.synced)).toEqual(nodes.map(() => true));
}
