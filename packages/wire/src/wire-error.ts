export type WireErrorCode =
  /** Bytes that are no protobuf of the schema: a truncated or over-long value, a wrong wire type, two bodies in one frame. */
  | 'malformed'
  /** A frame, list, byte string or number beyond its limit. */
  | 'limit'
  /** A field that the message cannot do without is not there. */
  | 'missing'
  /** A value that this version does not know, such as a new reason; within a frame it makes the message an unknown one. */
  | 'unknown-value'
  /** Fields that contradict each other, such as a version range that ends before it begins. */
  | 'invalid';

/** What a peer sent, or what this node is about to send, is not what `dht.proto` allows. Close the stream it came from. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: WireErrorCode;

  constructor(code: WireErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
