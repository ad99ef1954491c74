import type { RequestId } from '@dht/overlay';
import type { Message } from '@dht/storage';
import { PbfWriter } from 'pbf';
import type { Body } from './body.ts';
import { requestId } from './common-records.ts';
import { uint, varintSize } from './kind.ts';
import { limits } from './limits.ts';
import { overlayBodies } from './overlay-bodies.ts';
import { implicit, type RecordKind, record } from './record.ts';
import { storageBodies } from './storage-bodies.ts';
import { StrictReader, wireType } from './strict-reader.ts';
import { WireError } from './wire-error.ts';

/** What a mailbox frame turned out to be. */
export type DecodedFrame =
  | { readonly kind: 'message'; readonly message: Message }
  /**
   * A message that this version does not know, or one with a value that it does not know. With a `request` its sender waits for an
   * answer: send `encodeUnsupported`. Otherwise pass over it.
   */
  | { readonly kind: 'unknown'; readonly messageType: number; readonly request?: RequestId }
  /** The peer does not know the type of message that this node's `request` had. */
  | { readonly kind: 'unsupported'; readonly messageType: number; readonly request: RequestId };

interface Unsupported {
  readonly messageType: number;
}

const requestNumber = 1;
const replyToNumber = 2;
/** From here on a field of the frame is a message, below it belongs to the frame itself. */
const bodyNumberMin = 16;
const unsupportedNumber = 16;

const unsupported: RecordKind<Unsupported> = record<Unsupported>('Unsupported', { messageType: implicit(1, uint(limits.uint32Max), 0) });

/** The codec of every type of message; a type without one does not compile. */
const bodies: { readonly [Type in Message['type']]: Body<Extract<Message, { readonly type: Type }>> } = {
  ...overlayBodies,
  ...storageBodies,
};

const bodyByNumber: readonly (Body<Message> | undefined)[] = indexByNumber();
const initialBufferBytes = 4096;

/**
 * Collects the messages of one tick into one buffer of length-prefixed frames. The bytes are copied out once, into an array of
 * exactly their size; the buffer behind stays and is used again.
 */
export class FrameWriter {
  #writer = new PbfWriter(new Uint8Array(initialBufferBytes));

  /** Bytes collected so far. */
  get length(): number {
    return this.#writer.pos;
  }

  /** Appends a frame. Throws a `WireError` when the message exceeds a limit, with everything collected before left as it was. */
  add(message: Message): void {
    this.#append(writeMessage, message);
  }

  /** Appends the answer to a request of a type that this version does not know. */
  addUnsupported(request: RequestId, messageType: number): void {
    this.#append(writeUnsupported, { request, messageType });
  }

  /** The frames collected, which are the caller's; the writer is empty again. */
  take(): Uint8Array {
    const writer = this.#writer;
    const frames = writer.buf.slice(0, writer.pos);
    // A rare large frame need not stay allocated for good.
    if (writer.length > limits.frameBytesMax) this.#writer = new PbfWriter(new Uint8Array(initialBufferBytes));
    else writer.pos = 0;
    return frames;
  }

  #append<T>(write: (value: T, writer: PbfWriter) => void, value: T): void {
    const start = this.#writer.pos;
    try {
      this.#writer.writeRawMessage(write, value);
      checkFrame(this.#writer, start);
    } catch (error) {
      this.#writer.pos = start;
      throw error;
    }
  }
}

/** One message as a frame with its length prefix. Throws a `WireError` when the message exceeds a limit. */
export function encodeFrame(message: Message): Uint8Array {
  return encodeFrames([message]);
}

/** Many messages as one buffer of frames. Throws a `WireError` when one of them exceeds a limit. */
export function encodeFrames(messages: readonly Message[]): Uint8Array {
  const writer = new FrameWriter();
  for (const message of messages) writer.add(message);
  return writer.take();
}

/** The answer to a request of a type that this version does not know, as a frame with its length prefix. */
export function encodeUnsupported(request: RequestId, messageType: number): Uint8Array {
  const writer = new FrameWriter();
  writer.addUnsupported(request, messageType);
  return writer.take();
}

/** Exactly the bytes of `encodeFrame(message)`, without encoding it and without checking its limits. */
export function encodedSize(message: Message): number {
  const { number, correlation, record } = bodyOf(message);
  const bodySize = varintSize(number << 3) + record.size(message);
  const size = 'request' in message && correlation !== 'none' ? 1 + requestId.size(message.request) + bodySize : bodySize;
  return varintSize(size) + size;
}

/** Reads one frame, given without its length prefix. Nothing in the result refers to `frame`. Throws a `WireError`. */
export function decodeFrame(frame: Uint8Array): DecodedFrame {
  if (frame.length > limits.frameBytesMax) throw new WireError('limit', `a frame of ${frame.length} bytes`);
  const reader = new StrictReader(frame);
  const found: Envelope = {};
  for (let number = reader.nextNumber(); number !== 0; number = reader.nextNumber()) {
    if (number >= bodyNumberMin) readBody(number, reader, found);
    else if (number === requestNumber) found.request = readRequest(reader);
    else if (number === replyToNumber) found.replyTo = readRequest(reader);
    else reader.skipValue();
  }
  return asDecoded(found);
}

interface Envelope {
  request?: RequestId;
  replyTo?: RequestId;
  number?: number;
  body?: Message;
  unsupported?: Unsupported;
}

function writeMessage(message: Message, writer: PbfWriter): void {
  const { number, correlation, record } = bodyOf(message);
  if (correlation !== 'none' && 'request' in message) {
    writer.writeTag(correlation === 'request' ? requestNumber : replyToNumber, wireType.bytes);
    requestId.write(message.request, writer);
  }
  writer.writeTag(number, wireType.bytes);
  record.write(message, writer);
}

function writeUnsupported(answer: { readonly request: RequestId; readonly messageType: number }, writer: PbfWriter): void {
  writer.writeTag(replyToNumber, wireType.bytes);
  requestId.write(answer.request, writer);
  writer.writeTag(unsupportedNumber, wireType.bytes);
  unsupported.write(answer, writer);
}

function checkFrame(writer: PbfWriter, start: number): void {
  const bytes = writer.pos - start;
  if (bytes > limits.frameBytesMax) throw new WireError('limit', `a frame of ${bytes} bytes is above ${limits.frameBytesMax}`);
}

function bodyOf(message: Message): Body<Message> {
  return bodies[message.type] as unknown as Body<Message>;
}

function indexByNumber(): (Body<Message> | undefined)[] {
  const index: (Body<Message> | undefined)[] = [];
  for (const body of Object.values(bodies)) index[body.number] = body as unknown as Body<Message>;
  return index;
}

function readRequest(reader: StrictReader): RequestId {
  if (reader.type !== wireType.bytes) throw new WireError('malformed', `a request id has wire type ${reader.type}`);
  return requestId.read(reader);
}

function readBody(number: number, reader: StrictReader, found: Envelope): void {
  if (reader.type !== wireType.bytes) throw new WireError('malformed', `message ${number} has wire type ${reader.type}`);
  if (found.number !== undefined) throw new WireError('malformed', `messages ${found.number} and ${number} are in one frame`);
  found.number = number;
  const known = bodyByNumber[number];
  if (number === unsupportedNumber) found.unsupported = unsupported.read(reader);
  else if (known === undefined) reader.skipValue();
  else readKnownBody(known, reader, found);
}

/** Reads a body, or passes over it when it has an enum value from a later version. */
function readKnownBody(known: Body<Message>, reader: StrictReader, found: Envelope): void {
  const { pos, end } = reader;
  try {
    found.body = known.record.read(reader);
  } catch (error) {
    if (!(error instanceof WireError) || error.code !== 'unknown-value') throw error;
    reader.pos = pos;
    reader.end = end;
    reader.pos = reader.lengthEnd();
  }
}

function asDecoded({ request, replyTo, number, body, unsupported }: Envelope): DecodedFrame {
  if (number === undefined) throw new WireError('missing', 'a frame holds no message');
  if (unsupported !== undefined) {
    if (replyTo === undefined) throw new WireError('missing', 'unsupported names no request');
    return { kind: 'unsupported', messageType: unsupported.messageType, request: replyTo };
  }
  if (body === undefined)
    return request === undefined ? { kind: 'unknown', messageType: number } : { kind: 'unknown', messageType: number, request };
  return { kind: 'message', message: withRequest(body, bodyByNumber[number]?.correlation, request, replyTo) };
}

function withRequest(
  body: Message,
  correlation: Body<Message>['correlation'] | undefined,
  request: RequestId | undefined,
  replyTo: RequestId | undefined,
): Message {
  if (correlation === 'none') return body;
  const named = correlation === 'request' ? request : replyTo;
  if (named === undefined) throw new WireError('missing', `${body.type} names no request`);
  (body as { request: RequestId }).request = named;
  return body;
}
