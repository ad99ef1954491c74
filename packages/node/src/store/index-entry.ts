import { assert } from '@dht/overlay';

/**
 * What the index says of one block; see `encodeIndexEntry` for the bytes. `fileNumber` is absent when the bytes lie in the
 * database itself.
 */
export interface IndexEntry {
  readonly size: number;
  readonly multihash: Uint8Array;
  readonly fileNumber: number | undefined;
}

const entryVersion = 1;
const headerBytes = 16;
const inFileFlag = 1;

/**
 * Offset 0: entry version · 1: flags (1 in a file; the others are free for pointers and leases) · 2: length of the multihash ·
 * 3: 0 · 4: size, uint32 · 8: file number, uint64 · 16: multihash · behind it, up to the end: extensions, none yet.
 * Numbers are big-endian.
 */
export function encodeIndexEntry(entry: IndexEntry): Buffer {
  const buffer = Buffer.alloc(headerBytes + entry.multihash.length);
  buffer[0] = entryVersion;
  buffer[1] = entry.fileNumber === undefined ? 0 : inFileFlag;
  buffer[2] = entry.multihash.length;
  buffer.writeUInt32BE(entry.size, 4);
  buffer.writeBigUInt64BE(BigInt(entry.fileNumber ?? 0), 8);
  buffer.set(entry.multihash, headerBytes);
  return buffer;
}

export function decodeIndexEntry(buffer: Buffer): IndexEntry {
  assert(buffer.length >= headerBytes && buffer[0] === entryVersion, 'the index holds entries of this version');
  const inFile = ((buffer[1] ?? 0) & inFileFlag) !== 0;
  return {
    size: buffer.readUInt32BE(4),
    multihash: new Uint8Array(buffer.subarray(headerBytes, headerBytes + (buffer[2] ?? 0))),
    fileNumber: inFile ? Number(buffer.readBigUInt64BE(8)) : undefined,
  };
}
