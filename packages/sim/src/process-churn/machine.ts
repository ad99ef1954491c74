import type { ProcessorOptions } from '../engine/processor.ts';
import type { Host } from '../machine/host.ts';
import type { World } from '../world/world.ts';

/**
 * What daemons cost the processor, on two cores of an Intel Xeon. Fitted to what `npm run bench -- --only processor` prints there: what 50 daemons take of it
 * until they are one ring and in the minutes after, for a join, and for puts and gets of 10 KiB and of 4 MiB, each set against the connections, messages and
 * bytes that the same takes in the simulator; and within the spread of that to the churn test, in which what a process does first takes half as much
 * again. It is for processes that are minutes old: a byte of a bulk transfer between long-running ones takes a quarter.
 */
export const daemonCosts: Omit<ProcessorOptions, 'cores'> = {
  sliceMs: 3,
  coldExtra: 0.5,
  warmMs: 300,
  wakeMs: 0.36,
  messageMs: 0.064,
  dialMs: 0.4,
  connectMs: 13.6,
  blockByteMs: 11.2e-6,
};
/** From the start of a process until it serves. */
export const startMs = 150;
/** In a second in which nothing happens: what the runtime and libp2p do beside the timers of the core. */
export const idleMsPerSecond = 1.7;
/** An HTTP request: the daemon's part, and that of the client's program. */
const requestMs = 2;
const clientRequestMs = 3;
/** Cutting, hashing and naming what a client puts, or checking and sending what it gets; and what the client does with it. */
const fileByteMs = 26e-6;
const clientByteMs = 8e-6;

/** `who` computes for `ms`, if computing takes any time in this world. */
export function compute({ processor }: World, who: object, ms: number, then: () => void): void {
  if (processor === undefined) then();
  else processor.work(who, ms, then);
}

/** The script, which is one process, asks the host's daemon over HTTP; so many bytes of a file go with it. */
export function request(world: World, host: Host, then: () => void, bytes: number = 0): void {
  const scriptMs = clientRequestMs + bytes * clientByteMs;
  compute(world, scriptOf(world), scriptMs, () => compute(world, host, requestMs + bytes * fileByteMs, then));
}

/** What stands for the process of the script, of which each world has one. */
export function scriptOf(world: World): object {
  return world;
}
