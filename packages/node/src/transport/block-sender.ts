import type { TransferHeader } from '@dht/storage';
import { encodeTransferHeader } from '@dht/wire';
import type { Stream, StreamMessageEvent } from '@libp2p/interface';
import { Uint8ArrayList } from 'uint8arraylist';
import { AcknowledgementReader } from './acknowledgement.ts';
import { FlightLimit } from './flight-limit.ts';
import { chunkBytes, type TransportLimits } from './limits.ts';
import { StreamSink } from './stream-sink.ts';
import { TransportError } from './transport.ts';

export type TransferOutcome = 'sent' | 'failed';

interface Transfer {
  readonly header: Uint8Array;
  readonly bytes: Uint8Array;
  readonly done: (outcome: TransferOutcome) => void;
}

/** The blocks on their way to one peer, in order, bounded in number and bytes. One stream carries them all, opened with the first. */
export class BlockSender {
  readonly #limits: TransportLimits;
  readonly #wantStream: () => void;
  readonly #queue: Transfer[] = [];
  #queuedBytes = 0;
  #writer: BlockWriter | undefined;

  /** `wantStream` is called when there is something to send and no stream; the answer to it is `attach` or `failAll`. */
  constructor(limits: TransportLimits, wantStream: () => void) {
    this.#limits = limits;
    this.#wantStream = wantStream;
  }

  get isIdle(): boolean {
    return this.#queue.length === 0;
  }

  get hasStream(): boolean {
    return this.#writer !== undefined;
  }

  /** Calls `done` exactly once, never before it returns. */
  send(header: TransferHeader, bytes: Uint8Array, done: (outcome: TransferOutcome) => void): void {
    if (this.#queue.length >= this.#limits.transfersMax || this.#queuedBytes + bytes.length > this.#limits.transferBytesMax) {
      queueMicrotask(() => done('failed'));
      return;
    }
    this.#queue.push({ header: encodeTransferHeader(header), bytes, done });
    this.#queuedBytes += bytes.length;
    if (this.#writer === undefined) this.#wantStream();
    else if (this.#queue.length === 1) queueMicrotask(() => this.#pump());
  }

  attach(stream: Stream): void {
    this.#writer?.close();
    this.#writer = new BlockWriter(stream, this.#limits.transferStallMs, () => this.#pump());
    this.#pump();
  }

  /** The stream is closed. */
  detach(stream: Stream): void {
    if (this.#writer?.stream === stream) this.failAll();
  }

  /** There is no way to the peer: everything queued has failed. */
  failAll(): void {
    this.#writer?.close();
    this.#writer = undefined;
    const failed = this.#queue.splice(0);
    this.#queuedBytes = 0;
    for (const { done } of failed) queueMicrotask(() => done('failed'));
  }

  #pump(): void {
    const writer = this.#writer;
    if (writer === undefined) return;
    for (let transfer = this.#queue[0]; transfer !== undefined; transfer = this.#queue[0]) {
      if (!writer.write(transfer.header, transfer.bytes)) break;
      this.#queue.shift();
      this.#queuedBytes -= transfer.bytes.length;
      transfer.done('sent');
    }
    writer.flush();
  }
}

/** Writes one block after the other to a stream, as much at a time as may be in flight. */
class BlockWriter {
  readonly stream: Stream;
  readonly #sink: StreamSink;
  readonly #onRoom: () => void;
  readonly #limit = new FlightLimit();
  readonly #acknowledgements = new AcknowledgementReader();
  readonly #stallMs: number;
  #stall: NodeJS.Timeout | undefined;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** Bytes of the current block that are written; −1 before its header. */
  #offset = -1;
  #sentBytes = 0;
  #acknowledgedBytes = 0;

  constructor(stream: Stream, stallMs: number, onRoom: () => void) {
    this.stream = stream;
    this.#onRoom = onRoom;
    this.#sink = new StreamSink(stream, onRoom);
    this.#stallMs = stallMs;
    stream.addEventListener('message', this.#onMessage);
  }

  /** True when the whole block is written; false when there is no more room now, and `onRoom` tells when to go on with the same. */
  write(header: Uint8Array, bytes: Uint8Array): boolean {
    while (this.#offset < bytes.length) {
      const from = Math.max(0, this.#offset);
      const chunk = bytes.subarray(from, Math.min(bytes.length, from + chunkBytes));
      if (!this.#sink.writable || !this.#hasRoom(chunk.length)) return false;
      if (this.#offset < 0) this.#append(header);
      this.#append(chunk);
      this.#offset = from + chunk.length;
      if (this.#pendingBytes >= chunkBytes) this.flush();
    }
    this.#offset = -1;
    return true;
  }

  /** Hands over what was gathered: small blocks go several at a time. */
  flush(): void {
    if (this.#pendingBytes === 0) return;
    this.#sink.write(new Uint8ArrayList(...this.#pending));
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  close(): void {
    clearTimeout(this.#stall);
    this.stream.removeEventListener('message', this.#onMessage);
  }

  get #inFlightBytes(): number {
    return this.#sentBytes - this.#acknowledgedBytes;
  }

  #append(bytes: Uint8Array): void {
    if (this.#inFlightBytes === 0) this.#onBusy();
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#sentBytes += bytes.length;
  }

  #hasRoom(bytes: number): boolean {
    return this.#inFlightBytes === 0 || this.#inFlightBytes + bytes <= this.#limit.bytes;
  }

  #onBusy(): void {
    this.#limit.onBusy(performance.now());
    const onStall = (): void => this.#abort('timeout', `no block was taken for ${this.#stallMs} ms`);
    this.#stall = setTimeout(onStall, this.#stallMs).unref();
  }

  readonly #onMessage = ({ data }: StreamMessageEvent): void => {
    const total = this.#acknowledgements.push(data);
    if (total === undefined || total === this.#acknowledgedBytes) return;
    if (total < this.#acknowledgedBytes || total > this.#sentBytes) {
      this.#abort('protocol', 'the peer acknowledged bytes that were not sent');
      return;
    }
    this.#limit.onAcknowledged(total - this.#acknowledgedBytes, performance.now());
    this.#acknowledgedBytes = total;
    if (this.#inFlightBytes > 0) this.#stall?.refresh();
    else clearTimeout(this.#stall);
    this.#onRoom();
  };

  #abort(code: 'timeout' | 'protocol', message: string): void {
    this.stream.abort(new TransportError(code, message));
  }
}
