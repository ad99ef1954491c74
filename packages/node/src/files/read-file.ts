import type { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import type { BlockReader } from './block-reader.ts';
import { decodeFileNode, type Entry, type FileNode, malformed } from './entry.ts';

const mebibyte = 1024 * 1024;
/** Bytes asked for ahead of the reader: at 100 MB/s some 120 ms, more than a round trip and a disk take. */
const windowBytes = 12 * mebibyte;
/** What a block of links counts against the window. */
const linkBlockBytes = 64 * 1024;

export interface ReadOptions {
  readonly offset?: number;
  readonly length?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A stretch of the file, in one block or in the tree below it. */
interface Piece {
  readonly cid: CID;
  readonly start: number;
  readonly size: number;
  /** On its way or here. */
  block?: Promise<FileNode>;
  node?: FileNode;
}

/**
 * The bytes of a file, or a range of them, in order. Reads ahead by bytes, over the borders of the tree's nodes, and never
 * further than the window, however slowly the bytes are taken.
 */
export async function* readFile(entry: Entry, reader: BlockReader, options: ReadOptions = {}): AsyncGenerator<Uint8Array, void> {
  const from = options.offset ?? 0;
  const to = Math.min(entry.size, from + (options.length ?? Number.POSITIVE_INFINITY));
  const leaving = new AbortController();
  const signal = options.signal === undefined ? leaving.signal : AbortSignal.any([options.signal, leaving.signal]);
  const root: Piece = { cid: entry.cid, start: 0, size: entry.size, node: entry.node };
  const queue: Piece[] = [root];
  const isWanted = (start: number, size: number): boolean => start < to && start + size > from;
  try {
    for (let piece = queue[0]; piece !== undefined; piece = queue[0]) {
      const node = piece.node ?? (await (piece.block ?? load(piece, reader, signal)));
      queue.splice(0, 1, ...children(piece, node).filter(({ start, size }) => isWanted(start, size)));
      readAhead(queue, reader, signal, isWanted);
      if (isWanted(piece.start, node.data.length)) yield node.data.subarray(Math.max(0, from - piece.start), Math.max(0, to - piece.start));
    }
  } finally {
    leaving.abort();
  }
}

/** Starts what fits into the window, and opens nodes of links that have come. */
function readAhead(queue: Piece[], reader: BlockReader, signal: AbortSignal, isWanted: (start: number, size: number) => boolean): void {
  let ahead = 0;
  for (let i = 0; i < queue.length && ahead < windowBytes; i++) {
    let piece = queue[i];
    while (piece?.node !== undefined && piece.node.data.length === 0) {
      queue.splice(i, 1, ...children(piece, piece.node).filter(({ start, size }) => isWanted(start, size)));
      piece = queue[i];
    }
    if (piece === undefined) return;
    piece.block ??= load(piece, reader, signal);
    ahead += piece.cid.code === raw.code ? piece.size : linkBlockBytes;
  }
}

function load(piece: Piece, reader: BlockReader, signal: AbortSignal): Promise<FileNode> {
  const block = reader.read(piece.cid, signal).then((bytes) => {
    piece.node = decodeFileNode(piece.cid, bytes);
    return piece.node;
  });
  // Whoever reads on will see the failure; when nobody does it is no one's.
  block.catch(() => {});
  return block;
}

/** What lies below a piece. Throws when sizes do not add up, which also bounds the tree: every part of a file has bytes. */
function children(piece: Piece, node: FileNode): Piece[] {
  let start = piece.start + node.data.length;
  const below: Piece[] = [];
  for (const { cid, size } of node.links) {
    below.push({ cid, start, size });
    start += size;
  }
  if (start !== piece.start + piece.size) throw malformed(piece.cid, `it should have ${piece.size} bytes but has ${start - piece.start}`);
  return below;
}
