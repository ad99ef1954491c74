import type { TransferHeader } from '@dht/storage';
import { type BlockEvent, BlockReader, WireError } from '@dht/wire';
import type { Stream } from '@libp2p/interface';
import { encodeAcknowledgement } from './acknowledgement.ts';
import { acknowledgeBytes } from './limits.ts';
import { StreamSink } from './stream-sink.ts';
import { type Chunk, parts } from './stream-source.ts';

type BlockHandler = (header: TransferHeader, bytes: Uint8Array) => void | Promise<void>;

/**
 * Takes the blocks of one stream, as the end of a pipeline. Each goes to `onBlock`, and nothing more is read before that settles.
 * What has been taken is acknowledged, so the sender never has more on the way than it may. Throws a `WireError`.
 */
export async function receiveBlocks(chunks: AsyncIterable<Chunk>, stream: Stream, onBlock: BlockHandler): Promise<void> {
  const reader = new BlockReader();
  const receipts = new Receipts(stream);
  for await (const chunk of chunks) {
    for (const part of parts(chunk)) {
      reader.push(part);
      for (let event = reader.next(); event !== undefined; event = reader.next()) await deliver(event, onBlock);
      receipts.onTaken(part.length, reader.isBetweenBlocks);
    }
  }
  if (!reader.isBetweenBlocks) throw new WireError('malformed', 'the block stream ended within a block');
}

async function deliver(event: BlockEvent, onBlock: BlockHandler): Promise<void> {
  if (event.type === 'block') await onBlock(event.header, event.bytes);
}

/** Acknowledges in steps, since each one is a packet; at the end of a block always, since nothing may follow. */
class Receipts {
  readonly #sink: StreamSink;
  #takenBytes = 0;
  #acknowledgedBytes = 0;

  constructor(stream: Stream) {
    this.#sink = new StreamSink(stream, () => this.#acknowledge());
  }

  onTaken(bytes: number, isBetweenBlocks: boolean): void {
    this.#takenBytes += bytes;
    if (isBetweenBlocks || this.#takenBytes - this.#acknowledgedBytes >= acknowledgeBytes) this.#acknowledge();
  }

  #acknowledge(): void {
    if (!this.#sink.writable || this.#acknowledgedBytes === this.#takenBytes) return;
    this.#acknowledgedBytes = this.#takenBytes;
    this.#sink.write(encodeAcknowledgement(this.#takenBytes));
  }
}
