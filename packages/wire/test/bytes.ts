/** The frame in `bytes` without its length prefix. */
export function withoutPrefix(bytes: Uint8Array): Uint8Array {
  const prefixBytes = bytes.findIndex((byte) => byte < 0x80) + 1;
  return bytes.subarray(prefixBytes);
}

/** `bytes` in pieces that end at `cuts` (in any order, some perhaps beyond the end). */
export function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));
}

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
