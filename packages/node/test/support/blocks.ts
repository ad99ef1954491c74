import { hash } from 'node:crypto';
import { Id } from '@dht/overlay';
import type { BlockRef } from '@dht/storage';

export interface TestBlock extends BlockRef {
  readonly bytes: Uint8Array;
}

/** A block with content that `seed` decides. */
export function testBlock(seed: number, size = 100): TestBlock {
  const bytes = new Uint8Array(size);
  let state = (seed + 1) >>> 0;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return { ...refOf(bytes), bytes };
}

function refOf(bytes: Uint8Array): BlockRef {
  const multihash = Uint8Array.from([0x12, 0x20, ...hash('sha256', bytes, 'buffer')]);
  return { key: Id.fromBytes(hash('sha256', multihash, 'buffer')), multihash, size: bytes.length };
}
