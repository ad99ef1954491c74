import { createHash } from 'node:crypto';
import { Id, type SeededRandom } from '@dht/overlay';
import type { BlockRef } from '@dht/storage';
import { chance, randomBytes, uniform } from '../engine/distributions.ts';

const kibibyte = 1024;

/** A block that nobody has yet. Its multihash is random, as that of random bytes would be; its key is the multihash's real one. */
export function newBlock(random: SeededRandom, size: number): BlockRef {
  const multihash = new Uint8Array(34);
  multihash.set([0x12, 0x20]);
  multihash.set(randomBytes(random, 32), 2);
  return { key: Id.fromBytes(createHash('sha256').update(multihash).digest()), multihash, size };
}

/** Sizes as files give them: mostly small ones that travel at once, some that are offered first. */
export function blockSize(random: SeededRandom, largeShare: number): number {
  const large = chance(random, largeShare);
  return Math.ceil(large ? uniform(random, 64, 256) * kibibyte : uniform(random, 0.1, 8) * kibibyte);
}
