import type { Contact } from './contact.ts';
import { Id, topDigits, topOfDigits } from './id.ts';

/**
 * Names what one knows of a node in 8 bytes, 16 hexadecimal digits: the first 48 bits of its id, and 16 bits that are others when its
 * contact is a newer one. Neighbours have most of their members in common, and a contact takes fifteen times as many bytes.
 */
export type MemberName = string;

export const memberNameBytes = 8;
/** Digits of the id in a name, before those of the version. */
export const nameDigits: number = topDigits;
const versions = 2 ** 16;
/** Odd, so that each boot changes the version. */
const versionsPerLife = 31;

/** Contacts are never modified, and each is named again and again: by every node that has it in its leaf set, in every list. */
const names: WeakMap<Contact, MemberName> = new WeakMap();

export function nameOf(contact: Contact): MemberName {
  const known = names.get(contact);
  if (known !== undefined) return known;
  const { id, incarnation, addressSeq } = contact;
  const version = ((incarnation % versions) * versionsPerLife + (addressSeq % versions)) % versions;
  const name = id.hex.slice(0, nameDigits) + version.toString(16).padStart(4, '0');
  names.set(contact, name);
  return name;
}

/** Where on the ring the named node is, exact to 2²⁰⁸. */
export function placeOf(name: MemberName): Id {
  return Id.startingWith(name.slice(0, nameDigits));
}

/** The same as a number: `placeOf(name).top`, which tells all there is to know of the place and costs no object. */
export function topOf(name: MemberName): number {
  return topOfDigits(name);
}

/** Where on the ring the node is, as its name has it. */
export function startOf(id: Id): Id {
  return Id.startingWith(id.hex.slice(0, nameDigits));
}

/** The nodes of a list, whatever their contacts are. A list is so short that looking through its numbers beats any index. */
export class NamedNodes {
  readonly #tops: readonly number[];

  constructor(names: readonly MemberName[], nodes: readonly { readonly id: Id }[] = []) {
    const tops: number[] = [];
    for (const name of names) tops.push(topOf(name));
    for (const { id } of nodes) tops.push(id.top);
    this.#tops = tops;
  }

  has(id: Id): boolean {
    return this.#tops.includes(id.top);
  }
}
