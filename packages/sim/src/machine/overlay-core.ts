import { Overlay } from '@dht/overlay';
import type { CoreFactory } from './node-core.ts';

/** The overlay alone: for runs that are about the ring and store nothing. Storage's commands and messages are not for it. */
export const overlayCore: CoreFactory = (init) => {
  const overlay = new Overlay(init);
  const rank = init.storage.replicas;
  return {
    overlay,
    // A user's lookup asks for the replica set, as `Core` has it.
    step: (input, now) => overlay.step((input.type === 'lookup' ? { rank, ...input } : input) as Parameters<Overlay['step']>[0], now),
    nextDeadline: () => overlay.nextDeadline(),
    isSynced: () => true,
    repairBytes: 0,
    load: { requests: 0, handles: 0, diskOperations: 0 },
  };
};
