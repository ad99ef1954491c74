import type { Contact } from './contact.ts';
import { Id } from './id.ts';

/**
 * Names what one knows of a node in 8 bytes, 16 hexadecimal digits: the first 48 bits of its id, and 16 bits that are others when its
 * contact is a newer one. Neighbours have most of their members in common, and a contact takes fifteen times as many bytes.
 */
export type MemberName = string;

export const memberNameBytes = 8;
const idDigitsNamed = 12;
const versions = 2 ** 16;
/** Odd, so that each boot changes the version. */
const versionsPerLife = 31;

export function nameOf({ id, incarnation, addressSeq }: Contact): MemberName {
  const version = ((incarnation % versions) * versionsPerLife + (addressSeq % versions)) % versions;
  return id.hex.slice(0, idDigitsNamed) + version.toString(16).padStart(4, '0');
}

/** Where on the ring the named node is, exact to 2²⁰⁸. */
export function placeOf(name: MemberName): Id {
  return Id.startingWith(name.slice(0, idDigitsNamed));
}

/** The nodes of a list, whatever their contacts are. */
export class NamedNodes {
  readonly #places: ReadonlySet<string>;

  constructor(names: readonly MemberName[], nodes: readonly { readonly id: Id }[] = []) {
    this.#places = new Set([...names.map((name) => name.slice(0, idDigitsNamed)), ...nodes.map(({ id }) => idPlace(id))]);
  }

  has(id: Id): boolean {
    return this.#places.has(idPlace(id));
  }
}

function idPlace(id: Id): string {
  return id.hex.slice(0, idDigitsNamed);
}
