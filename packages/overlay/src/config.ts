import { assert } from './assert.ts';

const second = 1000;
const minute = 60 * second;

/** Every number of the overlay that one may turn. Times in milliseconds. Defaults from DESIGN §4 unless a source is named. */
export interface OverlayConfig {
  /** l: members of the leaf set, half of them on each side. */
  readonly leafSetSize: number;
  /** How many nodes on each side are held connected, must have answered before activation, and get leaf-set changes pushed. */
  readonly nearNeighbours: number;
  /** Contacts in one cell of the routing table, ordered by round-trip time. */
  readonly cellSize: number;
  /** How many of the closest nodes a lookup's answer names. */
  readonly replicaSetRank: number;
  /** Contacts in the whole routing table: a network of some hundreds fits in, so that lookups take one hop. */
  readonly tableContactsMax: number;
  /** What is left of that in a large network, where a contact more spares hardly a hop: the cells of the rows, and some for the first. */
  readonly tableContactsMin: number;
  readonly heartbeatMs: number;
  readonly rtoMsMin: number;
  readonly rtoMsMax: number;
  /** Lifeguard (Dadgar et al. 2018): timeouts are stretched by up to this factor when this node itself is slow. */
  readonly healthFactorMax: number;
  readonly probeTries: number;
  readonly indirectProbes: number;
  /** How many peers must agree after a refused redial. */
  readonly refusalWitnesses: number;
  /** Between two probes of a leaf-set member that no other traffic vouches for. */
  readonly slowProbeMs: number;
  /** How long gossip cannot bring back a node that failed. */
  readonly failedExpiryMs: number;
  readonly leafSetPushDelayMs: number;
  readonly leafSetExchangeMs: number;
  readonly grantMs: number;
  readonly joinRetryMs: number;
  readonly coldStartMs: number;
  readonly mergeMs: number;
  readonly tableUpkeepMs: number;
  readonly rememberedMax: number;
  readonly ttl: number;
  readonly lookupTimeoutMs: number;
  /** Before any round-trip time to a hop is known. */
  readonly hopAckMsInitial: number;
  /** Route state, remembered replies and failed entries kept at most. */
  readonly tableEntriesMax: number;
  /** The driver was stopped or stalled when a timer is later than this. */
  readonly stallMs: number;
}

export const defaultOverlayConfig: OverlayConfig = {
  leafSetSize: 32,
  nearNeighbours: 4,
  cellSize: 3,
  replicaSetRank: 8,
  tableContactsMax: 512,
  tableContactsMin: 192,
  heartbeatMs: 1 * second,
  rtoMsMin: 1 * second,
  rtoMsMax: 10 * second,
  healthFactorMax: 8,
  probeTries: 3,
  indirectProbes: 3,
  refusalWitnesses: 2,
  slowProbeMs: 30 * second,
  failedExpiryMs: 10 * minute,
  leafSetPushDelayMs: 50,
  leafSetExchangeMs: 30 * second,
  grantMs: 5 * second,
  joinRetryMs: 200,
  coldStartMs: 10 * second,
  mergeMs: 1 * minute,
  tableUpkeepMs: 1 * minute,
  rememberedMax: 64,
  ttl: 32,
  lookupTimeoutMs: 10 * second,
  hopAckMsInitial: 500,
  tableEntriesMax: 10_000,
  stallMs: 200,
};

/** Throws when the numbers do not fit together. */
export function validateOverlayConfig(config: OverlayConfig): void {
  for (const [name, value] of Object.entries(config)) assert(Number.isFinite(value) && value > 0, `${name} is a positive number`);
  assert(config.leafSetSize % 2 === 0, 'leafSetSize is even');
  assert(config.nearNeighbours * 2 <= config.leafSetSize, 'the near neighbours fit into the leaf set');
  assert(config.rtoMsMin <= config.rtoMsMax, 'rtoMsMin is at most rtoMsMax');
  assert(config.heartbeatMs <= config.slowProbeMs, 'the slow probe is slower than the heartbeat');
  assert(config.tableContactsMin <= config.tableContactsMax, 'tableContactsMin is at most tableContactsMax');
  assert(config.replicaSetRank <= config.leafSetSize, 'a root can name its replica set from its leaf set');
}
