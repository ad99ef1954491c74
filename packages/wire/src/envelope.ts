import type { RequestId } from '@dht/overlay';
import type { Message } from '@dht/storage';
import type { PbfWriter } from 'pbf';
import type { Body } from './body.ts';
import { requestId } from './common-records.ts';
import { varintSize } from './kind.ts';
import { type StrictReader, wireType } from './strict-reader.ts';
import { WireError } from './wire-error.ts';

const requestNumber = 1;
export const replyToNumber = 2;
/** From here on a field of the frame is a message, below it belongs to the frame itself. */
const bodyNumberMin = 16;

/** The codec of every message that may be in it, by type; none is missing. */
export type Bodies<M extends Message> = { readonly [Type in M['type']]: Body<Extract<M, { readonly type: Type }>> };

/** What was found in a frame. */
export interface Envelope<M extends Message> {
  request?: RequestId;
  replyTo?: RequestId;
  /** The field that its message is, known or not. */
  number?: number;
  /** Absent when the message is of a type, or has a value, that this version does not know. */
  message?: M;
}

/** The frame around a message of certain types: what names the question or says what is answered, and the message itself. */
export class EnvelopeKind<M extends Message> {
  readonly #bodies: Readonly<Record<string, Body<M>>>;
  readonly #byNumber: (Body<M> | undefined)[] = [];

  constructor(bodies: Bodies<M>) {
    this.#bodies = bodies as unknown as Readonly<Record<string, Body<M>>>;
    for (const body of Object.values(this.#bodies)) this.#byNumber[body.number] = body;
  }

  /** Bytes that `write` writes. */
  size(message: M): number {
    const { number, correlation, record } = this.#bodyOf(message);
    const bodySize = varintSize(number << 3) + record.size(message);
    return 'request' in message && correlation !== 'none' ? 1 + requestId.size(message.request) + bodySize : bodySize;
  }

  /** Without a length. Throws a `WireError`. */
  write(message: M, writer: PbfWriter): void {
    const { number, correlation, record } = this.#bodyOf(message);
    if (correlation !== 'none' && 'request' in message) {
      writer.writeTag(correlation === 'request' ? requestNumber : replyToNumber, wireType.bytes);
      requestId.write(message.request, writer);
    }
    writer.writeTag(number, wireType.bytes);
    record.write(message, writer);
  }

  /** Up to the end of the reader's current message. `readOther` is given a message of a type that is not among these. Throws a `WireError`. */
  read(reader: StrictReader, readOther: (number: number, reader: StrictReader) => void): Envelope<M> {
    const found: Envelope<M> = {};
    for (let number = reader.nextNumber(); number !== 0; number = reader.nextNumber()) {
      if (number >= bodyNumberMin) this.#readBody(number, reader, found, readOther);
      else if (number === requestNumber) found.request = readRequest(reader);
      else if (number === replyToNumber) found.replyTo = readRequest(reader);
      else reader.skipValue();
    }
    if (found.number === undefined) throw new WireError('missing', 'a frame holds no message');
    if (found.message !== undefined) this.#addRequest(found.message, found);
    return found;
  }

  #bodyOf(message: M): Body<M> {
    return this.#bodies[message.type] as Body<M>;
  }

  #readBody(number: number, reader: StrictReader, found: Envelope<M>, readOther: (number: number, reader: StrictReader) => void): void {
    if (reader.type !== wireType.bytes) throw new WireError('malformed', `message ${number} has wire type ${reader.type}`);
    if (found.number !== undefined) throw new WireError('malformed', `messages ${found.number} and ${number} are in one frame`);
    found.number = number;
    const known = this.#byNumber[number];
    if (known === undefined) readOther(number, reader);
    else readKnown(known, reader, found);
  }

  #addRequest(message: M, { request, replyTo, number = 0 }: Envelope<M>): void {
    const correlation = this.#byNumber[number]?.correlation;
    if (correlation === 'none') return;
    const named = correlation === 'request' ? request : replyTo;
    if (named === undefined) throw new WireError('missing', `${message.type} names no request`);
    (message as { request: RequestId }).request = named;
  }
}

function readRequest(reader: StrictReader): RequestId {
  if (reader.type !== wireType.bytes) throw new WireError('malformed', `a request id has wire type ${reader.type}`);
  return requestId.read(reader);
}

/** Reads a body, or passes over it when it has an enum value from a later version. */
function readKnown<M extends Message>(known: Body<M>, reader: StrictReader, found: Envelope<M>): void {
  const { pos, end } = reader;
  try {
    found.message = known.record.read(reader);
  } catch (error) {
    if (!(error instanceof WireError) || error.code !== 'unknown-value') throw error;
    reader.pos = pos;
    reader.end = end;
    reader.pos = reader.lengthEnd();
  }
}
