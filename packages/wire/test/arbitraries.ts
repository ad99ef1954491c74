import {
  type Arc,
  type Contact,
  type FailedEntry,
  type Hop,
  Id,
  type NodeLife,
  type NodeStatus,
  type RequestId,
  type Role,
} from '@dht/overlay';
import type { BlockRef, Holder, Mail, Message, TransferHeader } from '@dht/storage';
import { type Hello, limits, type NetworkDescriptor } from '@dht/wire';
import fc from 'fast-check';
import { idOf, peerRecords, sealed } from './peer-records.ts';

/** Arbitraries of everything that the wire carries, in the form that it has after decoding: round trips give equal values. */

export type MessageOf<Type extends Message['type']> = Extract<Message, { readonly type: Type }>;

/** A record with the ordinary prototype, as literals have it. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

/** A record of which only the keys in `required` are always there. */
function recordWith<T, Required extends keyof T>(
  required: Required[],
  model: { [K in keyof T]: fc.Arbitrary<T[K]> },
): fc.Arbitrary<Pick<T, Required> & Partial<T>> {
  return fc.record(model, { noNullPrototype: true, requiredKeys: required }) as fc.Arbitrary<Pick<T, Required> & Partial<T>>;
}

const listMax = 5;
const microsecondsPerMs = 1000;

/** Some share their tail, so that they meet in the codec's tables of recent ids and contacts. */
const ids: fc.Arbitrary<Id> = fc
  .oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.uint8Array({ minLength: 1, maxLength: 1 }).map((head) => Uint8Array.of(...head, ...new Uint8Array(31))),
  )
  .map((bytes) => Id.fromBytes(bytes));
const integers: fc.Arbitrary<number> = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat());
const durations = fc.nat({ max: limits.durationMsMax });
const heartbeatPeriods = fc.nat({ max: limits.heartbeatMsMax });
const rttMs = fc.nat({ max: limits.rttUsMax }).map((us) => us / microsecondsPerMs);
const statuses = fc.constantFrom<NodeStatus>('joining', 'active', 'leaving');
const roles = fc.constantFrom<Role>('full', 'client');
const storeIds = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const multihashes = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((digest) => Uint8Array.of(0x12, 0x20, ...digest));
const addresses = fc.uint8Array({ maxLength: 300 });

export const requestIds: fc.Arbitrary<RequestId> = record({ origin: ids, incarnation: integers, counter: integers });
/** With an address that travels whole. */
const contactsWhole: fc.Arbitrary<Contact> = record({
  id: ids,
  incarnation: integers,
  role: roles,
  address: addresses,
  addressSeq: integers,
});
/** With the signed peer record of a daemon, which travels in parts. */
export const contactsInParts: fc.Arbitrary<Contact> = fc
  .tuple(peerRecords, integers, roles)
  .map(([parts, incarnation, role]) => ({ id: idOf(parts.publicKey), incarnation, role, address: sealed(parts), addressSeq: parts.seq }));
export const contacts: fc.Arbitrary<Contact> = fc.oneof(contactsWhole, contactsInParts);
const arcs: fc.Arbitrary<Arc> = record({ from: ids, to: ids });
const hops: fc.Arbitrary<Hop> = recordWith(['id'], { id: ids, rttMs });
const nodeLives: fc.Arbitrary<NodeLife> = record({ id: ids, incarnation: integers });
const failedEntries: fc.Arbitrary<FailedEntry> = record({ id: ids, incarnation: integers, ageMs: durations });
const blockNames = record({ key: ids, multihash: multihashes });
const blockRefs: fc.Arbitrary<BlockRef> = record({ key: ids, multihash: multihashes, size: fc.nat({ max: limits.blockBytesMax }) });
const holders: fc.Arbitrary<Holder> = record({ node: contacts, storeId: storeIds, synced: fc.boolean() });
const haveEntries = record({ size: fc.integer({ min: -1, max: limits.blockBytesMax }), synced: fc.boolean() });

const manyOf = <T>(element: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(element, { maxLength: listMax });
const manyContacts = manyOf(contacts);
const manyNames = manyOf(fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('hex')));
const manyHops = manyOf(hops);
const type = <const Type extends string>(name: Type): fc.Arbitrary<Type> => fc.constant(name);

/** Storage's messages but for those that are passed on for others. */
const storageMessages = {
  offer: record({ type: type('offer'), request: requestIds, purpose: fc.constantFrom('put', 'replicate'), block: blockRefs }),
  offerReply: record({
    type: type('offerReply'),
    request: requestIds,
    answer: fc.constantFrom('want', 'coming', 'full', 'not-active'),
  }),
  stored: record({
    type: type('stored'),
    request: requestIds,
    key: ids,
    storeId: storeIds,
    synced: fc.boolean(),
    outcome: fc.constantFrom('stored', 'full', 'failed', 'corrupt'),
  }),
  putResult: record({
    type: type('putResult'),
    request: requestIds,
    holders: manyOf(holders),
    final: fc.boolean(),
    shortfall: fc.constantFrom('none', 'too-few-nodes', 'full', 'unreachable'),
  }),
  get: record({ type: type('get'), request: requestIds, block: blockNames }),
  getMiss: record({
    type: type('getMiss'),
    request: requestIds,
    reason: fc.constantFrom('absent', 'busy', 'error'),
    synced: fc.boolean(),
  }),
  have: record({ type: type('have'), request: requestIds, keys: manyOf(ids) }),
  haveReply: record({ type: type('haveReply'), request: requestIds, storeId: storeIds, entries: manyOf(haveEntries) }),
  keys: recordWith(['type', 'request', 'arc', 'limit'], {
    type: type('keys'),
    request: requestIds,
    arc: arcs,
    after: ids,
    limit: fc.nat({ max: limits.keysMax }),
  }),
  keysReply: recordWith(['type', 'request', 'blocks', 'more', 'unsureMs', 'busy'], {
    type: type('keysReply'),
    request: requestIds,
    blocks: manyOf(blockRefs),
    more: fc.boolean(),
    synced: arcs,
    unsureMs: durations,
    busy: fc.boolean(),
  }),
  syncState: recordWith(['type', 'storeId'], { type: type('syncState'), storeId: storeIds, synced: arcs }),
};
const { putResult: _answersTransfersOnly, ...mailByType } = storageMessages;
const joinMessages = {
  joinRequest: recordWith(['type', 'attempt'], { type: type('joinRequest'), attempt: integers, joiner: contacts }),
  joinGrant: record({
    type: type('joinGrant'),
    attempt: integers,
    token: integers,
    successor: contacts,
    deadlineMs: durations,
    members: manyContacts,
  }),
  joinRefused: record({
    type: type('joinRefused'),
    attempt: integers,
    reason: fc.constantFrom('stale', 'busy', 'not-active', 'expired'),
    retryAfterMs: durations,
    members: manyContacts,
    previouslyActive: fc.boolean(),
  }),
  joinCommit: record({ type: type('joinCommit'), attempt: integers, token: integers, joiner: contacts, predecessor: contacts }),
  joinCommitted: record({ type: type('joinCommitted'), attempt: integers, token: integers }),
};
const mails: fc.Arbitrary<Mail> = fc.oneof(
  ...Object.values<fc.Arbitrary<Mail>>(mailByType),
  ...Object.values<fc.Arbitrary<Mail>>(joinMessages),
);

/** One arbitrary for every type of message. */
export const messagesByType: { readonly [Type in Message['type']]: fc.Arbitrary<MessageOf<Type>> } = {
  heartbeat: recordWith(['type', 'status'], { type: type('heartbeat'), status: statuses, periodMs: heartbeatPeriods }),
  probe: record({ type: type('probe'), nonce: integers, status: statuses }),
  probeReply: recordWith(['type', 'nonce', 'status', 'previouslyActive'], {
    type: type('probeReply'),
    nonce: integers,
    status: statuses,
    previouslyActive: fc.boolean(),
    periodMs: heartbeatPeriods,
  }),
  indirectProbe: recordWith(['type', 'nonce', 'target'], {
    type: type('indirectProbe'),
    nonce: integers,
    target: nodeLives,
    contact: contacts,
  }),
  indirectReply: record({
    type: type('indirectReply'),
    nonce: integers,
    target: ids,
    outcome: fc.constantFrom('alive', 'refused', 'silent'),
  }),
  leafSet: record({
    type: type('leafSet'),
    purpose: fc.constantFrom('push', 'list', 'compare', 'ask', 'answer', 'extend'),
    status: statuses,
    named: manyNames,
    members: manyContacts,
    wanted: manyNames,
    failed: manyOf(failedEntries),
  }),
  leaving: record({ type: type('leaving'), done: fc.boolean() }),
  route: recordWith(['type', 'request', 'purpose', 'key', 'ttl', 'remainingMs', 'path', 'contacts'], {
    type: type('route'),
    request: requestIds,
    purpose: fc.constantFrom('lookup', 'join', 'probe', 'merge'),
    key: ids,
    rank: fc.nat({ max: limits.contactsMax }),
    origin: contacts,
    ttl: fc.nat({ max: limits.hopsMax }),
    remainingMs: durations,
    path: manyHops,
    contacts: manyContacts,
  }),
  routeAck: record({ type: type('routeAck'), request: requestIds }),
  routeRefused: record({
    type: type('routeRefused'),
    request: requestIds,
    reason: fc.constantFrom('no-progress', 'not-active', 'ttl', 'late', 'busy'),
    members: manyContacts,
  }),
  routeReply: recordWith(['type', 'request', 'incarnation', 'replicaSet', 'path', 'contacts'], {
    type: type('routeReply'),
    request: requestIds,
    root: ids,
    incarnation: integers,
    replicaSet: manyContacts,
    path: manyHops,
    contacts: manyContacts,
  }),
  findNext: record({ type: type('findNext'), request: requestIds, key: ids }),
  findNextReply: record({
    type: type('findNextReply'),
    request: requestIds,
    status: statuses,
    isRoot: fc.boolean(),
    contacts: manyContacts,
  }),
  ...joinMessages,
  tableRequest: record({ type: type('tableRequest'), row: fc.nat({ max: limits.rowMax }) }),
  tableReply: record({ type: type('tableReply'), row: fc.nat({ max: limits.rowMax }), contacts: manyContacts }),
  ...storageMessages,
  relay: record({ type: type('relay'), to: nodeLives, mail: mails }),
  relayed: record({ type: type('relayed'), from: nodeLives, mail: mails }),
};

export const messages: fc.Arbitrary<Message> = fc.oneof(...Object.values<fc.Arbitrary<Message>>(messagesByType));

export const transferHeaders: fc.Arbitrary<TransferHeader> = record({
  request: requestIds,
  purpose: fc.constantFrom('put', 'replicate', 'get'),
  block: blockRefs,
});

export const networkDescriptors: fc.Arbitrary<NetworkDescriptor> = fc
  .record({
    nonce: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    replicas: fc.integer({ min: 1, max: limits.replicasMax }),
    writeQuorum: fc.integer({ min: 1, max: limits.replicasMax }),
    formatVersion: fc.integer({ min: 1, max: limits.uint32Max }),
  })
  .map((network) => ({ ...network, writeQuorum: Math.min(network.writeQuorum, network.replicas) }));

const networks = fc.option(record({ networkId: fc.uint8Array({ minLength: 32, maxLength: 32 }), network: networkDescriptors }), {
  nil: { networkId: new Uint8Array(0) },
});

export const hellos: fc.Arbitrary<Hello> = fc
  .tuple(
    recordWith(['versionMin', 'versionMax', 'features', 'incarnation', 'storeId', 'role', 'streamSequence', 'address'], {
      versionMin: fc.integer({ min: 1, max: 100 }),
      versionMax: fc.integer({ min: 100, max: 200 }),
      features: fc.nat({ max: limits.uint32Max }),
      incarnation: integers,
      storeId: storeIds,
      role: roles,
      streamSequence: integers,
      status: statuses,
      address: addresses,
    }),
    networks,
  )
  .map(([hello, network]) => ({ ...hello, ...network }));
