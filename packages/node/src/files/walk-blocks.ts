import * as dagPb from '@ipld/dag-pb';
import type { CID } from 'multiformats/cid';
import { DhtError } from '../error.ts';
import type { BlockReader } from './block-reader.ts';

/**
 * Every block of a file or folder, each before those it links to. A block of links that cannot be had ends its branch, and so
 * does one that is not dag-pb: whoever asks where the blocks are will see that nobody holds it. Repeated blocks come again.
 */
export async function* walkBlocks(root: CID, reader: BlockReader, signal?: AbortSignal): AsyncGenerator<CID, void> {
  const stack = [root];
  for (let cid = stack.pop(); cid !== undefined; cid = stack.pop()) {
    yield cid;
    if (cid.code === dagPb.code) stack.push(...(await linksOf(cid, reader, signal)).toReversed());
  }
}

async function linksOf(cid: CID, reader: BlockReader, signal: AbortSignal | undefined): Promise<readonly CID[]> {
  try {
    return dagPb.decode(await reader.read(cid, signal)).Links.map((link) => link.Hash);
  } catch (error) {
    if (signal?.aborted || !(error instanceof DhtError)) throw error;
    return [];
  }
}
