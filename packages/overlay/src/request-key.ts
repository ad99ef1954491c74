import { Id } from './id.ts';
import type { RequestId } from './messages.ts';

/** Hexadecimal digits of an id that tell it from all others that are under way at the same time: 8 bytes. */
const briefDigits = 16;

/** The id as what comes back on a request names it, which the receiver knows whole. */
export function brief({ hex }: Id): Id {
  return Id.startingWith(hex.slice(0, briefDigits));
}

/** Whether `named`, whole or brief, stands for the id. */
export function isNamed(named: Id, id: Id): boolean {
  return named.hex.slice(0, briefDigits) === id.hex.slice(0, briefDigits);
}

/** Names a request in tables, whether its origin is told whole or brief. */
export function requestKeyOf({ origin, incarnation, counter }: RequestId): string {
  return `${counter}.${incarnation}.${origin.hex.slice(0, briefDigits)}`;
}
