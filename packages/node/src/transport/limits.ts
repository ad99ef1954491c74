const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const second = 1000;
const minute = 60 * second;

/** Every limit of the transport. Times in milliseconds, sizes in bytes. */
export interface TransportLimits {
  /** Open connections of all kinds; libp2p refuses more. */
  readonly connectionsMax: number;
  /** One dial with everything that belongs to it, both Hellos included. */
  readonly dialTimeoutMs: number;
  /** The next address of a peer is tried after this, while the one before is still silent (RFC 8305, §5). */
  readonly dialStaggerMs: number;
  /** After a failed dial the peer is left alone so long; doubled with each failure. */
  readonly backOffMsMin: number;
  readonly backOffMsMax: number;
  /** From the opening of a mailbox or block stream by a peer to its first frame. */
  readonly helloTimeoutMs: number;
  /** A refused peer has this long to read why, before the connection is closed. */
  readonly refusalLingerMs: number;
  /** Queued for one peer, of all messages. */
  readonly queueBytesMax: number;
  /** The part of it that only control messages may fill. */
  readonly queueReservedBytes: number;
  /** Blocks queued for one peer, with the one being sent. */
  readonly transfersMax: number;
  readonly transferBytesMax: number;
  /** A block stream on which nothing was acknowledged for so long is given up. */
  readonly transferStallMs: number;
  /** Bytes taken from a stream and not yet consumed before it is paused. */
  readonly readAheadBytes: number;
  /** Between two looks at the addresses of this host and at unused connections. */
  readonly upkeepMs: number;
  /** A connection that nobody uses and that never said Hello is closed after this. */
  readonly strangerMs: number;
}

export const defaultTransportLimits: TransportLimits = {
  connectionsMax: 1024,
  dialTimeoutMs: 5 * second,
  dialStaggerMs: 250,
  backOffMsMin: 100,
  // A verdict is repeated, without a dial, while the peer is left alone: so it must not get old.
  backOffMsMax: 2 * second,
  helloTimeoutMs: 5 * second,
  refusalLingerMs: 250,
  queueBytesMax: 4 * mebibyte,
  queueReservedBytes: 1 * mebibyte,
  transfersMax: 256,
  transferBytesMax: 64 * mebibyte,
  transferStallMs: 10 * second,
  readAheadBytes: 256 * kibibyte,
  upkeepMs: 30 * second,
  strangerMs: 1 * minute,
};

/**
 * yamux: the window of a stream, fixed. Above DESIGN §6's 2 MiB in flight it would be of no use; and it stays below
 * `readBufferBytes`, at which libp2p aborts a stream that its reader has paused.
 */
export const streamWindowBytes: number = 2 * mebibyte;
export const readBufferBytes: number = 4 * mebibyte;

/** Bytes handed to the block stream in one piece, so that heartbeats get in between. */
export const chunkBytes: number = 128 * kibibyte;
/** A receiver of blocks acknowledges at least every so many bytes. */
export const acknowledgeBytes: number = 128 * kibibyte;
/** In flight on a block stream: what is sent and not acknowledged (DESIGN §6). */
export const inFlightBytesMin: number = 256 * kibibyte;
export const inFlightBytesMax: number = 2 * mebibyte;
export const inFlightMs = 250;

/** At most this much of the mail goes into one write. */
export const mailWriteBytes: number = 128 * kibibyte;

/** Streams per connection: one mailbox and one block stream each way, with room for their successors. */
export const streamsPerProtocolMax = 8;
/** Streams of all protocols per connection and direction; kad-dht, identify and ping open one per request. */
export const streamsPerConnectionMax = 256;

/** Idle TCP connections are closed by the transport's own rules; this only catches those that it lost sight of. */
export const socketIdleMs: number = 30 * minute;
/** On one machine all nodes share an address, so the limits per host of libp2p must not bind (5 a second by default). */
export const inboundConnectionsPerSecondMax = 1000;
export const inboundPendingMax = 512;
