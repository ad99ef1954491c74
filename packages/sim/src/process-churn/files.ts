import type { SeededRandom } from '@dht/overlay';
import type { BlockRef } from '@dht/storage';
import { newBlock } from '../machine/blocks.ts';
import type { Host } from '../machine/host.ts';
import type { Cluster } from '../world/cluster.ts';

const mebibyte = 1024 * 1024;
/** Of the profile `unixfs-v1-2025`: a longer file is cut into pieces of this size, with a block of links above them. */
const chunkBytes = mebibyte;
const linkBytes = 50;
/** A daemon answers a put at w copies, but gives those that are still to come so long to appear in the receipt. */
const settleGraceMs = 2_000;

/** A file as it is stored: its pieces, and the block of links when there are several. */
export interface StoredFile {
  readonly root: BlockRef | undefined;
  readonly pieces: readonly BlockRef[];
  readonly bytes: number;
}

export function newFile(random: SeededRandom, bytes: number): StoredFile {
  const count = Math.max(1, Math.ceil(bytes / chunkBytes));
  const pieces = Array.from({ length: count }, (_, i) => newBlock(random, Math.max(1, Math.min(chunkBytes, bytes - i * chunkBytes))));
  return { root: count === 1 ? undefined : newBlock(random, count * linkBytes), pieces, bytes };
}

/** All blocks at once, as a daemon has up to 16 MiB on their way. `done` is called once. */
export function putFile(cluster: Cluster, host: Host, file: StoredFile, timeoutMs: number, done: (isStored: boolean) => void): void {
  const blocks = file.root === undefined ? file.pieces : [...file.pieces, file.root];
  const stored = new Set<BlockRef>();
  const settled = new Set<BlockRef>();
  let isOver = false;
  const end = (isStored: boolean): void => {
    if (isOver) return;
    isOver = true;
    done(isStored);
  };
  for (const block of blocks) {
    cluster.put(host, block, timeoutMs, (result) => {
      if (result.outcome !== 'stored') return end(false);
      stored.add(block);
      if (result.settled) settled.add(block);
      if (settled.size === blocks.length) end(true);
      else if (stored.size === blocks.length) cluster.world.engine.after(settleGraceMs, () => end(true));
    });
  }
}

/** The block of links first, then all pieces at once. */
export function getFile(cluster: Cluster, host: Host, file: StoredFile, timeoutMs: number, done: (isFound: boolean) => void): void {
  if (file.root === undefined) getAll(cluster, host, file.pieces, timeoutMs, done);
  else
    getAll(cluster, host, [file.root], timeoutMs, (isFound) =>
      isFound ? getAll(cluster, host, file.pieces, timeoutMs, done) : done(false),
    );
}

function getAll(cluster: Cluster, host: Host, blocks: readonly BlockRef[], timeoutMs: number, done: (areFound: boolean) => void): void {
  let open = blocks.length;
  let areFound = true;
  for (const block of blocks) {
    cluster.get(host, block, timeoutMs, ({ outcome }) => {
      areFound &&= outcome === 'found';
      open--;
      if (open === 0) done(areFound);
    });
  }
}
