import { FrameReader, WireError } from '@dht/wire';
import { type Chunk, parts } from './stream-source.ts';

/** A peer may send millions of the smallest frames in one chunk; they are not all held at once. */
const framesMax = 256;

/** Frames of a mailbox, those of one chunk at a time. Throws a `WireError` when they are none or one is too large. */
export async function* frames(chunks: AsyncIterable<Chunk>): AsyncGenerator<Uint8Array[]> {
  const reader = new FrameReader();
  for await (const chunk of chunks) {
    let batch: Uint8Array[] = [];
    for (const part of parts(chunk)) {
      reader.push(part);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        batch.push(frame);
        if (batch.length < framesMax) continue;
        yield batch;
        batch = [];
      }
    }
    if (batch.length > 0) yield batch;
  }
  if (!reader.isBetweenFrames) throw new WireError('malformed', 'the mailbox ended within a frame');
}
