export * from './api/api-client.ts';
export * from './api/contract.ts';
export * from './config/config.ts';
export * from './config/resolve.ts';
export type { Activation, Daemon, DaemonOptions, LeaveOutcome } from './daemon.ts';
export * from './error.ts';

import type { Daemon, DaemonOptions } from './daemon.ts';

/** See `daemon.ts`. The daemon's parts are loaded only now, so that a command which just talks to one starts fast. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const daemon = await import('./daemon.ts');
  return daemon.startDaemon(options);
}
