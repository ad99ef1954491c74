/**
 * Cuts a stream into pieces of `size` bytes, the last one shorter. Each byte is copied once, into the piece that will be hashed,
 * sent and written: the importer's own chunker keeps lists of what came and copies at the end, and large short-lived buffers are
 * what makes a garbage collector run.
 */
export function fixedSizeChunks(size: number): (source: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array, void> {
  return async function* chunks(source) {
    let piece: Buffer | undefined;
    let filled = 0;
    let isEmpty = true;
    for await (const bytes of source) {
      for (let offset = 0; offset < bytes.length; ) {
        piece ??= Buffer.allocUnsafeSlow(size);
        const taken = Math.min(bytes.length - offset, size - filled);
        piece.set(bytes.subarray(offset, offset + taken), filled);
        offset += taken;
        filled += taken;
        if (filled < size) continue;
        yield piece;
        isEmpty = false;
        piece = undefined;
        filled = 0;
      }
    }
    // A copy of the rest, so that a small file does not keep a whole piece in memory. An empty file is one empty piece.
    if (piece !== undefined || isEmpty) yield Buffer.from(piece?.subarray(0, filled) ?? []);
  };
}
