import { assert } from '@dht/overlay';

const second = 1000;
const minute = 60 * second;
const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** Every number of the storage protocol. Times in milliseconds, sizes in bytes. Defaults from DESIGN §5. */
export interface StorageConfig {
  /** r: copies of every block. Belongs to the network. */
  readonly replicas: number;
  /** w: durable copies before a put is acknowledged. Belongs to the network. */
  readonly writeQuorum: number;
  /** A silent coordinator or replica is passed over after this. */
  readonly offerTimeoutMs: number;
  /** Time for bytes and fsync of one block once they are wanted. */
  readonly storeTimeoutMs: number;
  /** Before any round-trip time is known, ask the next replica after this. */
  readonly hedgeMsInitial: number;
  readonly repairPeriodMs: number;
  /** A new part of the arc is reconciled no sooner: by then every coordinator has heard of the change, and no write goes past this node. */
  readonly settleMs: number;
  /** The seed of a cold start waits so long for others of the network's earlier life before it takes its own disk for complete. */
  readonly seedSettleMs: number;
  /** Copies that this node is no longer responsible for are kept until nothing has changed for so long. */
  readonly surplusCalmMs: number;
  /** A lone failure is given this long to come back before its copies are made anew, unless fewer than w are left. */
  readonly reReplicateMs: number;
  /** So many failures within `reReplicateMs` in the leaf set are no lone failures: copies are made at once. */
  readonly clusteredFailures: number;
  readonly repairBytesInFlightMax: number;
  /** Bytes of puts coordinated here at the same time, and as many again of copies stored for other coordinators. */
  readonly incomingBytesMax: number;
  readonly keysPageLimit: number;
  /** Arcs that an earlier lookup told of, kept at most and at longest. */
  readonly arcCacheMax: number;
  readonly arcCacheMs: number;
  readonly requestsMax: number;
}

export const defaultStorageConfig: StorageConfig = {
  replicas: 3,
  writeQuorum: 2,
  offerTimeoutMs: 2 * second,
  storeTimeoutMs: 10 * second,
  hedgeMsInitial: 100,
  repairPeriodMs: 1 * minute,
  settleMs: 300,
  seedSettleMs: 30 * second,
  surplusCalmMs: 5 * minute,
  reReplicateMs: 5 * minute,
  clusteredFailures: 2,
  repairBytesInFlightMax: 8 * mebibyte,
  incomingBytesMax: 24 * mebibyte,
  keysPageLimit: 1000,
  arcCacheMax: 1024,
  arcCacheMs: 1 * minute,
  requestsMax: 10_000,
};

/** Throws when the numbers do not fit together. */
export function validateStorageConfig(config: StorageConfig): void {
  for (const [name, value] of Object.entries(config)) assert(Number.isFinite(value) && value > 0, `${name} is a positive number`);
  assert(config.writeQuorum <= config.replicas, 'w is at most r');
}
