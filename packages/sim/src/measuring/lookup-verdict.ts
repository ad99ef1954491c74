import { type Id, isCloser, type LookupResult } from '@dht/overlay';
import type { World } from '../world/world.ts';

export type LookupVerdict = 'ok' | 'wrong' | 'lost';

/** How many of the nodes closest to a key are looked at for one that should have answered. */
const candidates = 4;

/**
 * The truth about a lookup that has just ended; undefined when its origin gave it up itself or could not ask. Wrong when the root was
 * not active at any moment of the lookup, or a closer node was all the time.
 */
export function judgeLookup(
  world: Pick<World, 'membership' | 'findHost' | 'now'>,
  key: Id,
  result: LookupResult,
  issuedAt: number,
): LookupVerdict | undefined {
  if (result.outcome === 'not-active' || result.outcome === 'cancelled') return undefined;
  if (result.outcome !== 'found') return 'lost';
  const { membership, now } = world;
  const root = world.findHost(result.root.id);
  if (root === undefined || !membership.wasActiveWithin(root, issuedAt, now)) return 'wrong';
  const closer = membership
    .closest(key, candidates)
    .find((host) => isCloser(key, host.id, root.id) && membership.wasActiveThroughout(host, issuedAt, now));
  return closer === undefined ? 'ok' : 'wrong';
}
