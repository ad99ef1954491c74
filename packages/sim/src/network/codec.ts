import { assert } from '@dht/overlay';
import type { Message } from '@dht/storage';
import { decodeFrame, encodeFrame, FrameReader } from '@dht/wire';

/** A message as its receiver gets it from real bytes. */
export function throughCodec(message: Message): Message {
  const reader = new FrameReader();
  reader.push(encodeFrame(message));
  const frame = reader.next();
  assert(frame !== undefined, `${message.type} is one whole frame`);
  const decoded = decodeFrame(frame);
  assert(decoded.kind === 'message', `the wire knows its own message ${message.type}`);
  return decoded.message;
}
