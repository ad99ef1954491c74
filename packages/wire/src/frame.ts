import type { RequestId } from '@dht/overlay';
import type { Message } from '@dht/storage';
import { PbfWriter } from 'pbf';
import { requestId } from './common-records.ts';
import { EnvelopeKind, replyToNumber } from './envelope.ts';
import { prefixedSize, uint } from './kind.ts';
import { limits } from './limits.ts';
import { overlayBodies } from './overlay-bodies.ts';
import { implicit, type RecordKind, record } from './record.ts';
import { relayBodies } from './relay-bodies.ts';
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

const unsupportedNumber = 16;

const unsupported: RecordKind<Unsupported> = record<Unsupported>('Unsupported', { messageType: implicit(1, uint(limits.uint32Max), 0) });

/** Of every type of message; a type without a codec does not compile. */
const frame: EnvelopeKind<Message> = new EnvelopeKind<Message>({ ...overlayBodies, ...storageBodies, ...relayBodies });
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
  return prefixedSize(frame.size(message));
}

/** Reads one frame, given without its length prefix. Nothing in the result refers to `bytes`. Throws a `WireError`. */
export function decodeFrame(bytes: Uint8Array): DecodedFrame {
  if (bytes.length > limits.frameBytesMax) throw new WireError('limit', `a frame of ${bytes.length} bytes`);
  let answer: Unsupported | undefined;
  const { request, replyTo, number, message } = frame.read(new StrictReader(bytes), (other, reader) => {
    if (other === unsupportedNumber) answer = unsupported.read(reader);
    else reader.skipValue();
  });
  if (answer !== undefined) {
    if (replyTo === undefined) throw new WireError('missing', 'unsupported names no request');
    return { kind: 'unsupported', messageType: answer.messageType, request: replyTo };
  }
  if (message !== undefined) return { kind: 'message', message };
  return { kind: 'unknown', messageType: number ?? 0, ...(request !== undefined && { request }) };
}

function writeMessage(message: Message, writer: PbfWriter): void {
  frame.write(message, writer);
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
