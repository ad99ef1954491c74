import type { Arc, FailedEntry, Hop, NodeLife, NodeStatus, RequestId } from '@dht/overlay';
import { memberNameBytes } from '@dht/overlay';
import type { BlockRef, Holder } from '@dht/storage';
import { contact } from './contact.ts';
import { boolean, hexBytes, hexBytesList, id, type Kind, multihash, oneOf, place, rounded, uint } from './kind.ts';
import { limits } from './limits.ts';
import { implicit, optional, type RecordKind, record, required } from './record.ts';

const microsecondsPerMs = 1000;

export const nodeStatus: Kind<NodeStatus> = oneOf('joining', 'active', 'leaving');
export const duration: Kind<number> = rounded(1, limits.durationMsMax);
export const storeId: Kind<string> = hexBytes(limits.storeIdBytes);
export const memberNames: Kind<readonly string[]> = hexBytesList(memberNameBytes, limits.contactsMax);

export const requestId: RecordKind<RequestId> = record<RequestId>('RequestId', {
  origin: required(1, place),
  incarnation: implicit(2, uint(), 0),
  counter: implicit(3, uint(), 0),
});

export const nodeLife: RecordKind<NodeLife> = record<NodeLife>('NodeLife', {
  id: required(1, id),
  incarnation: implicit(2, uint(), 0),
});

export const failedEntry: RecordKind<FailedEntry> = record<FailedEntry>('FailedEntry', {
  id: required(1, place),
  incarnation: implicit(2, uint(), 0),
  ageMs: implicit(3, duration, 0),
});

export const hop: RecordKind<Hop> = record<Hop>('Hop', {
  id: required(1, id),
  rttMs: optional(2, rounded(microsecondsPerMs, limits.rttUsMax)),
});

export const arc: RecordKind<Arc> = record<Arc>('Arc', {
  from: required(1, id),
  to: required(2, id),
});

export const blockRef: RecordKind<BlockRef> = record<BlockRef>('BlockRef', {
  key: required(1, id),
  multihash: required(2, multihash),
  size: implicit(3, uint(limits.blockBytesMax), 0),
});

export const holder: RecordKind<Holder> = record<Holder>('Holder', {
  node: required(1, contact),
  storeId: required(2, storeId),
  synced: implicit(3, boolean, false),
});
