import { DhtError } from '../error.ts';
import { exitCodes } from './contract.ts';

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * The one range of a `Range` header (RFC 9110, §14.1.2), cut to a file of `size` bytes; undefined without a header. Throws a
 * `DhtError` 2 when it is malformed or begins behind the end.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (first === '' && last === '') throw new DhtError(exitCodes.usage, `the range ${header} is not like bytes=0-99`);
  const offset = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (offset < end) return { offset, length: end - offset };
  throw new DhtError(exitCodes.usage, `the range begins at byte ${offset}, but the file has ${size} bytes`);
}
