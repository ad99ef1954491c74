/** A broken invariant: a defect in this program, never the fault of a peer or of the user. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Stays on in production: to go on with broken state would cost more than to stop. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
