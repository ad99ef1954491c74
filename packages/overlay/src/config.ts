import { assert } from './assert.ts';

const second = 1000;
const minute = 60 * second;
/** Nobody may ask to be watched less often than this: how long a failure may go unnoticed is not for the failing node to say. */
export const heartbeatMsLimit: number = 1 * minute;

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
  /** Limits of the heartbeat period, which the failure rate decides between them. */
  readonly heartbeatMsMin: number;
  readonly heartbeatMsMax: number;
  /** Of all lookups, how many may find the last hop dead: what heartbeats are tuned for. */
  readonly leafLossTarget: number;
  /** Of all lookups, how many may find any hop dead: what the table's upkeep is tuned for. L_r of MSPastry, 5 % there too. */
  readonly hopLossTarget: number;
  readonly rtoMsMin: number;
  readonly rtoMsMax: number;
  /** Lifeguard (Dadgar et al. 2018): timeouts are stretched by up to this factor when this node itself is slow. */
  readonly healthFactorMax: number;
  readonly probeTries: number;
  readonly indirectProbes: number;
  /** How many peers must agree after a refused redial. */
  readonly refusalWitnesses: number;
  /** Between two probes of a leaf-set member that no other traffic vouches for: after a change, and at last in quiet times. */
  readonly slowProbeMs: number;
  readonly slowProbeMsMax: number;
  /** How long gossip cannot bring back a node that failed. */
  readonly failedExpiryMs: number;
  readonly leafSetPushDelayMs: number;
  /** Between two comparisons of the leaf set with that of another: after a change, and at last in quiet times. */
  readonly leafSetExchangeMs: number;
  readonly leafSetExchangeMsMax: number;
  readonly grantMs: number;
  readonly joinRetryMs: number;
  readonly coldStartMs: number;
  /** Between two looks of one node for other rings, in a small network. */
  readonly mergeMs: number;
  /** Limits of the pause between two questions about the routing table, which the failure rate and the network's size decide. */
  readonly tableUpkeepMsMin: number;
  readonly tableUpkeepMsMax: number;
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

export type PresetName = 'lan' | 'wan';

const lan: OverlayConfig = {
  leafSetSize: 32,
  nearNeighbours: 4,
  cellSize: 3,
  replicaSetRank: 8,
  tableContactsMax: 512,
  tableContactsMin: 224,
  heartbeatMsMin: 0.5 * second,
  heartbeatMsMax: 1 * second,
  leafLossTarget: 0.002,
  hopLossTarget: 0.05,
  rtoMsMin: 0.5 * second,
  rtoMsMax: 10 * second,
  healthFactorMax: 8,
  probeTries: 3,
  indirectProbes: 3,
  refusalWitnesses: 2,
  slowProbeMs: 30 * second,
  slowProbeMsMax: 2 * minute,
  failedExpiryMs: 10 * minute,
  leafSetPushDelayMs: 50,
  leafSetExchangeMs: 30 * second,
  leafSetExchangeMsMax: 5 * minute,
  grantMs: 5 * second,
  joinRetryMs: 200,
  coldStartMs: 10 * second,
  mergeMs: 1 * minute,
  tableUpkeepMsMin: 15 * second,
  tableUpkeepMsMax: 5 * minute,
  rememberedMax: 64,
  ttl: 32,
  lookupTimeoutMs: 10 * second,
  hopAckMsInitial: 500,
  tableEntriesMax: 10_000,
  stallMs: 200,
};

/**
 * What a node spends on knowing who lives, as memberlist has it: `lan` finds a silent failure within 5 s, `wan` costs at most
 * 0.4 messages per second. It is a node's own choice: neighbours learn the heartbeat period that they may count on from the
 * heartbeats themselves.
 */
export const presets: Readonly<Record<PresetName, OverlayConfig>> = {
  lan,
  wan: {
    ...lan,
    heartbeatMsMin: 2 * second,
    heartbeatMsMax: 30 * second,
    rtoMsMin: 1 * second,
    slowProbeMs: 4 * minute,
    slowProbeMsMax: 16 * minute,
    leafSetExchangeMs: 2 * minute,
    leafSetExchangeMsMax: 15 * minute,
    mergeMs: 2 * minute,
    tableUpkeepMsMin: 30 * second,
    tableUpkeepMsMax: 15 * minute,
  },
};

export const defaultOverlayConfig: OverlayConfig = presets.lan;

/** Throws when the numbers do not fit together. */
export function validateOverlayConfig(config: OverlayConfig): void {
  for (const [name, value] of Object.entries(config)) assert(Number.isFinite(value) && value > 0, `${name} is a positive number`);
  assert(config.leafSetSize % 2 === 0, 'leafSetSize is even');
  assert(config.nearNeighbours * 2 <= config.leafSetSize, 'the near neighbours fit into the leaf set');
  assert(config.rtoMsMin <= config.rtoMsMax, 'rtoMsMin is at most rtoMsMax');
  assert(config.tableContactsMin <= config.tableContactsMax, 'tableContactsMin is at most tableContactsMax');
  assert(config.heartbeatMsMin <= config.heartbeatMsMax, 'heartbeatMsMin is at most heartbeatMsMax');
  assert(config.heartbeatMsMax <= heartbeatMsLimit, 'no node promises fewer heartbeats than others accept');
  assert(config.heartbeatMsMax <= config.slowProbeMs, 'the slow probe is slower than the heartbeat');
  assert(config.slowProbeMs <= config.slowProbeMsMax, 'slowProbeMs is at most slowProbeMsMax');
  assert(config.leafSetExchangeMs <= config.leafSetExchangeMsMax, 'leafSetExchangeMs is at most leafSetExchangeMsMax');
  assert(config.tableUpkeepMsMin <= config.tableUpkeepMsMax, 'tableUpkeepMsMin is at most tableUpkeepMsMax');
  assert(config.leafLossTarget < config.hopLossTarget && config.hopLossTarget < 1, 'the last hop is one of all hops');
  assert(config.replicaSetRank <= config.leafSetSize, 'a root can name its replica set from its leaf set');
}
