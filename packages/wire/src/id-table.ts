import { Id, idBytes, idDigits } from '@dht/overlay';

/** A power of two. With 32 bytes each the table takes 128 KiB. */
const slots = 4096;
/** Ids are compared and copied four bytes at a time. */
const wordBytes = 4;
const hexDigits = '0123456789abcdef';
const digitValue: Uint8Array = new Uint8Array(128);
for (let value = 0; value < hexDigits.length; value++) digitValue[hexDigits.charCodeAt(value)] = value;

/**
 * Ids recently read or written, with their bytes, so that the few hundred ids a node keeps talking about exist once in memory and are
 * not turned from bytes to text and back for every message: that conversion costs ten times the look-up and was most of the codec's
 * time. A slot is overwritten by the next id that falls into it. What it returns depends on its arguments alone.
 */
class IdTable {
  readonly #ids: (Id | undefined)[] = new Array(slots);
  readonly #bytes = new Uint8Array(slots * idBytes);
  readonly #view = new DataView(this.#bytes.buffer);

  /** The id in the 32 bytes at `offset`, which must be there. */
  read(source: DataView, offset: number): Id {
    const slot = source.getUint16(offset + idBytes - 2) & (slots - 1);
    const start = slot * idBytes;
    const known = this.#ids[slot];
    if (known !== undefined && isSame(this.#view, start, source, offset)) return known;
    copy(source, offset, this.#view, start);
    const id = Id.fromBytes(this.#bytes.subarray(start, start + idBytes));
    this.#ids[slot] = id;
    return id;
  }

  /** Writes the 32 bytes of `id` at `offset`, where there must be room. */
  write(id: Id, target: DataView, offset: number): void {
    const slot = tailOfHex(id.hex) & (slots - 1);
    const start = slot * idBytes;
    if (!this.#ids[slot]?.equals(id)) {
      this.#parse(id.hex, start);
      this.#ids[slot] = id;
    }
    copy(this.#view, start, target, offset);
  }

  #parse(hex: string, start: number): void {
    for (let i = 0; i < idBytes; i++) this.#bytes[start + i] = (digit(hex, 2 * i) << 4) | digit(hex, 2 * i + 1);
  }
}

export const idTable: IdTable = new IdTable();

/** The last two bytes of an id as a number, from its hexadecimal digits. */
function tailOfHex(hex: string): number {
  const last = idDigits - 1;
  return (digit(hex, last - 3) << 12) | (digit(hex, last - 2) << 8) | (digit(hex, last - 1) << 4) | digit(hex, last);
}

function isSame(a: DataView, aOffset: number, b: DataView, bOffset: number): boolean {
  // From the end, because the neighbours of a node share the first digits of its id.
  for (let i = idBytes - wordBytes; i >= 0; i -= wordBytes) if (a.getInt32(aOffset + i) !== b.getInt32(bOffset + i)) return false;
  return true;
}

function copy(source: DataView, sourceOffset: number, target: DataView, targetOffset: number): void {
  for (let i = 0; i < idBytes; i += wordBytes) target.setInt32(targetOffset + i, source.getInt32(sourceOffset + i));
}

function digit(hex: string, index: number): number {
  return digitValue[hex.charCodeAt(index)] as number;
}
