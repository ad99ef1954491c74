import type { RelayedMessage, RelayMessage, StorageMessage, TransferPurpose } from '@dht/storage';
import { body, type MessageOf } from './body.ts';
import { arc, blockRef, duration, holder, storeId } from './common-records.ts';
import type { Bodies } from './envelope.ts';
import { boolean, id, type Kind, multihash, oneOf, uint } from './kind.ts';
import { limits } from './limits.ts';
import { implicit, optional, type RecordKind, record, repeated, required } from './record.ts';

type BlockName = MessageOf<'get'>['block'];
type HaveEntry = MessageOf<'haveReply'>['entries'][number];

/** The numbers of `TransferPurpose` in `dht.proto`; an offer uses the first two of them. */
export const transferPurpose: Kind<TransferPurpose> = oneOf('put', 'replicate', 'get');

const blockName: RecordKind<BlockName> = record<BlockName>('BlockName', { key: required(1, id), multihash: required(2, multihash) });

const haveEntry: RecordKind<HaveEntry> = record<HaveEntry>('HaveEntry', {
  // Without a size the key is not held, which the core expresses as −1; an empty block has size 0.
  size: implicit(1, uint(limits.blockBytesMax), -1),
  synced: implicit(2, boolean, false),
});

/** Numbers 60 to 99 of the frame. */
export const storageBodies: Bodies<Exclude<StorageMessage, RelayMessage | RelayedMessage>> = {
  offer: body('offer', 60, 'request', { purpose: required(1, oneOf('put', 'replicate')), block: required(2, blockRef) }),
  offerReply: body('offerReply', 61, 'replyTo', { answer: required(1, oneOf('want', 'coming', 'full', 'not-active')) }),
  stored: body('stored', 62, 'replyTo', {
    key: required(1, id),
    storeId: required(2, storeId),
    synced: implicit(3, boolean, false),
    outcome: required(4, oneOf('stored', 'full', 'failed', 'corrupt')),
  }),
  putResult: body('putResult', 63, 'replyTo', {
    holders: repeated(1, holder, limits.holdersMax),
    final: implicit(2, boolean, false),
    shortfall: required(3, oneOf('none', 'too-few-nodes', 'full', 'unreachable')),
  }),
  get: body('get', 64, 'request', { block: required(1, blockName) }),
  getMiss: body('getMiss', 65, 'replyTo', {
    reason: required(1, oneOf('absent', 'busy', 'error')),
    synced: implicit(2, boolean, false),
  }),
  have: body('have', 66, 'request', { keys: repeated(1, id, limits.keysMax) }),
  haveReply: body('haveReply', 67, 'replyTo', {
    storeId: required(1, storeId),
    entries: repeated(2, haveEntry, limits.keysMax),
  }),
  keys: body('keys', 68, 'request', {
    arc: required(1, arc),
    after: optional(2, id),
    limit: implicit(3, uint(limits.keysMax), 0),
  }),
  keysReply: body('keysReply', 69, 'replyTo', {
    blocks: repeated(1, blockRef, limits.keysMax),
    more: implicit(2, boolean, false),
    synced: optional(3, arc),
    unsureMs: implicit(4, duration, 0),
    busy: implicit(5, boolean, false),
  }),
  syncState: body('syncState', 70, 'none', { storeId: required(1, storeId), synced: optional(2, arc) }),
};
