export * from './block.ts';
export * from './config.ts';
export type { StorageCounters } from './context.ts';
export { Core, type CoreInit, type OverlayMachine } from './core.ts';
export * from './io.ts';
export * from './journal.ts';
export * from './messages.ts';
export type { SyncState } from './sync-states.ts';
