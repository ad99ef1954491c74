import { heartbeatMsLimit } from '@dht/overlay';
import { blockBytesMax } from '@dht/storage';

/**
 * The bound of every field. A sender that exceeds one and a receiver that meets one get a `WireError`; `dht.proto` says the same
 * in its comments. Every message within the limits of its fields fits into one frame.
 */
export const limits = {
  /** Bytes of one mailbox frame without its length prefix: three lists of the most and largest contacts are 0.8 MiB. */
  frameBytesMax: 1_048_576,
  /** Bytes of a Hello, of which the address may be 2 KiB. */
  helloBytesMax: 4_096,
  /** Bytes of the header before a block. */
  transferHeaderBytesMax: 256,
  /** Bytes of a block (DESIGN §7). */
  blockBytesMax: blockBytesMax as number,
  /** Bytes of a signed peer record; one with six addresses has about 300. */
  addressBytesMax: 2_048,
  /** An Ed25519 key, and a signature by it. */
  publicKeyBytes: 32,
  signatureBytes: 64,
  /** Addresses in a peer record that travels in parts, and bytes of one; a record beyond that travels whole. */
  multiaddrsMax: 32,
  multiaddrBytesMax: 255,
  multihashBytes: 34,
  storeIdBytes: 16,
  networkIdBytes: 32,
  networkNonceBytes: 32,
  networkDescriptorBytesMax: 128,
  /** Contacts in one list: four leaf sets. */
  contactsMax: 128,
  /** Failed entries told in one message. */
  failedMax: 128,
  /** Hops on the way of one request, and the time to live it starts with. */
  hopsMax: 64,
  /** Rows of a routing table, one for each digit of an id. */
  rowMax: 63,
  /** Keys asked for, or named in an answer, in one message. */
  keysMax: 1024,
  /** Holders named in one result. */
  holdersMax: 64,
  /** Milliseconds of any duration, 24 days; a longer one is sent as this. */
  durationMsMax: 2_147_483_647,
  /** Milliseconds between two heartbeats, one minute: nobody may ask to be watched less often. */
  heartbeatMsMax: heartbeatMsLimit as number,
  /** Round-trip time in microseconds, 71 minutes; a longer one is sent as this. */
  rttUsMax: 4_294_967_295,
  /** Counters, nonces, incarnations and sequence numbers: what a JavaScript number holds exactly. */
  integerMax: 9_007_199_254_740_991,
  /** Versions, feature bits and types of messages. */
  uint32Max: 4_294_967_295,
  /** r of a network; w is at most r. */
  replicasMax: 64,
} as const;
