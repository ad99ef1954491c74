import { assert } from '@dht/overlay';

/** Everything that goes wrong by itself while a run lasts. All off by default; rates are probabilities from 0 to 1. */
export interface FaultOptions {
  /** A message or block vanishes on its way, without notice: harsher than TCP, which would break the connection. */
  readonly lossRate: number;
  /** A message arrives twice. */
  readonly duplicateRate: number;
  /** A message leaves the order of its connection and is late by up to `reorderMsMax`. */
  readonly reorderRate: number;
  readonly reorderMsMax: number;
  /** A block arrives with other bytes than its multihash says. */
  readonly corruptRate: number;
  /** A read from disk finds other bytes than were written. */
  readonly diskCorruptRate: number;
  /** A host whose disk is `slowDiskFactor` times slower. */
  readonly slowDiskRate: number;
  readonly slowDiskFactor: number;
  /** A write that was on its way when the process died is on disk all the same, although nobody was told. */
  readonly tornWriteRate: number;
  /** Monotonic clocks run fast or slow by up to this many parts per million. */
  readonly clockDriftPpmMax: number;
  /** Wall clocks are off by up to this much. */
  readonly wallSkewMsMax: number;
  /** A restarted host has another address, and what others remember of it leads nowhere. */
  readonly readdressRate: number;
  /** A host crashes with its machine: connections fall silent instead of closing, and dials time out instead of being refused. */
  readonly powerLossRate: number;
}

export const noFaults: FaultOptions = {
  lossRate: 0,
  duplicateRate: 0,
  reorderRate: 0,
  reorderMsMax: 0,
  corruptRate: 0,
  diskCorruptRate: 0,
  slowDiskRate: 0,
  slowDiskFactor: 20,
  tornWriteRate: 0.5,
  clockDriftPpmMax: 100,
  wallSkewMsMax: 60_000,
  readdressRate: 0,
  powerLossRate: 0,
};

export function validateFaults(faults: FaultOptions): void {
  for (const [name, value] of Object.entries(faults)) {
    assert(Number.isFinite(value) && value >= 0, `${name} is a number from 0 up`);
    if (name.endsWith('Rate')) assert(value <= 1, `${name} is at most 1`);
  }
}

/** Whether messages themselves go wrong, so that what holds on sound links only cannot be demanded. */
export function disturbsMessages(faults: FaultOptions): boolean {
  return faults.lossRate > 0 || faults.reorderRate > 0;
}
