import { assert } from '@dht/overlay';
import type { TransferHeader } from '@dht/storage';
import { PbfWriter } from 'pbf';
import { ByteInput } from './byte-input.ts';
import { blockRef, requestId } from './common-records.ts';
import { limits } from './limits.ts';
import { type RecordKind, record, required } from './record.ts';
import { transferPurpose } from './storage-bodies.ts';
import { StrictReader } from './strict-reader.ts';
import { WireError } from './wire-error.ts';

const transferHeader: RecordKind<TransferHeader> = record<TransferHeader>('TransferHeader', {
  request: required(1, requestId),
  purpose: required(2, transferPurpose),
  block: required(3, blockRef),
});

/** What comes before the bytes of a block: the header behind its length. `header.block.size` bytes follow. Throws a `WireError`. */
export function encodeTransferHeader(header: TransferHeader): Uint8Array {
  const writer = new PbfWriter(new Uint8Array(limits.transferHeaderBytesMax));
  transferHeader.write(header, writer);
  return writer.buf.slice(0, writer.pos);
}

/** Reads a header, given without its length prefix. Throws a `WireError`. */
export function decodeTransferHeader(frame: Uint8Array): TransferHeader {
  const max = limits.transferHeaderBytesMax;
  if (frame.length > max) throw new WireError('limit', `a transfer header of ${frame.length} bytes is above ${max}`);
  return transferHeader.readFields(new StrictReader(frame));
}

/** Bytes of `encodeTransferHeader(header)` and of the block behind it. */
export function encodedTransferSize(header: TransferHeader): number {
  return transferHeader.size(header) + header.block.size;
}

/** What a block stream holds: every transfer is a `header`, then the `block`, unless it was skipped. */
export type BlockEvent =
  | { readonly type: 'header'; readonly header: TransferHeader }
  /** `bytes` are the receiver's own; nobody has verified them yet. */
  | { readonly type: 'block'; readonly header: TransferHeader; readonly bytes: Uint8Array };

interface Arriving {
  readonly header: TransferHeader;
  received: number;
  skipped: boolean;
  /** Of the size that the header says, from the first byte on. */
  bytes?: Uint8Array;
}

/**
 * Reads a block stream, whatever the chunks it comes in: push a chunk, then take events until there are none. The bytes of a block are
 * copied once, from the chunk into an array of their size. After a `WireError` the reader is of no more use.
 */
export class BlockReader {
  readonly #input = new ByteInput();
  #headerLength: number | undefined;
  #arriving: Arriving | undefined;
  #drained = true;

  /** Whether the stream may end here: not within a transfer. */
  get isBetweenBlocks(): boolean {
    return this.#arriving === undefined && this.#headerLength === undefined && this.#input.available === 0;
  }

  /** Bytes of the current block that have come so far; 0 between blocks. */
  get received(): number {
    return this.#arriving?.received ?? 0;
  }

  /** Call `next` until it returns nothing before the next chunk. */
  push(chunk: Uint8Array): void {
    assert(this.#drained, 'all events are taken before the next chunk is pushed');
    this.#drained = false;
    this.#input.push(chunk);
  }

  /** The next event; nothing when more input is needed. Throws a `WireError`. */
  next(): BlockEvent | undefined {
    let event: BlockEvent | undefined;
    if (this.#arriving !== undefined) event = this.#readBlock(this.#arriving);
    // Also after a block that was skipped, which is no event.
    if (event === undefined && this.#arriving === undefined) event = this.#readHeader();
    this.#drained = event === undefined;
    return event;
  }

  /** After a `header` event: the block is not wanted, its bytes are passed over and no `block` event comes. */
  skipBlock(): void {
    assert(this.#arriving !== undefined && this.#arriving.bytes === undefined, 'a block is skipped right after its header');
    this.#arriving.skipped = true;
  }

  #readHeader(): BlockEvent | undefined {
    this.#headerLength ??= this.#input.takeLength(limits.transferHeaderBytesMax);
    const frame = this.#headerLength === undefined ? undefined : this.#input.take(this.#headerLength);
    if (frame === undefined) return undefined;
    this.#headerLength = undefined;
    const header = decodeTransferHeader(frame);
    this.#arriving = { header, received: 0, skipped: false };
    return { type: 'header', header };
  }

  #readBlock(arriving: Arriving): BlockEvent | undefined {
    const { header, skipped } = arriving;
    const { size } = header.block;
    if (skipped) arriving.received += this.#input.skip(size - arriving.received);
    else {
      arriving.bytes ??= new Uint8Array(size);
      arriving.received += this.#input.takeInto(arriving.bytes, arriving.received);
    }
    if (arriving.received < size) return undefined;
    this.#arriving = undefined;
    return arriving.bytes === undefined ? undefined : { type: 'block', header, bytes: arriving.bytes };
  }
}
