import type { ProcessorOptions } from '../engine/processor.ts';

/**
 * What daemons cost the processor, on two cores of an Intel Xeon (DESIGN §6 and §7, README). A framed message: 1/25,000 s on each side. A
 * get of 100 MB: 114 MB/s over two cores, which both sides share. A connection: 8 ms on each side between warm processes, 25 ms between
 * 50 that have just started; what lies between is fitted to the processor time of the churn test.
 */
export const daemonCosts: Omit<ProcessorOptions, 'cores'> = { sliceMs: 3, messageMs: 0.08, connectMs: 12, blockByteMs: 17e-6 };
/** From the start of a process until it serves. */
export const startMs = 350;
/** The second plane (kad-dht) begins a minute after activation, within a quarter of it, and takes so much for each join (DESIGN §6). */
export const kadMs = 500;
export const kadAfterMs = 60_000;
/** An HTTP request, the client's part included. */
export const requestMs = 3;
/** Cutting, hashing and naming what a client puts; checking what it gets. */
export const fileByteMs = 8e-6;
