import type { Context } from './context.ts';
import { HopCost } from './hop-cost.ts';
import type { Id } from './id.ts';
import type { Peer } from './peers.ts';
import { isCloser, ringTop } from './ring.ts';

type Accepts = (peer: Peer) => boolean;

/**
 * So many connections lead into the leaf set of the average node: most lookups then find one open to a neighbour of their root. They
 * lead nearby, and a hop more over them is shorter than a dial. With fewer the best hop is dialled when that spares one, and the
 * next lookup finds it open.
 */
const neighboursOpen = 1;
/** Within so much of what this node is connected to around it the closest connected node is the root. */
const ownShare = 0.9;

/** Which of the known nodes is the next hop to a key. Each is strictly closer to the key than this node, as long as this one is active. */
export class HopChoice {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Of the members, and of the routing table when the key lies beyond them. */
  closest(key: Id, accepts: Accepts): Peer | undefined {
    const { leafSet, table, isServing } = this.#context;
    const best = closestOf(leafSet.members, key, this.#bound(), accepts);
    if (isServing && leafSet.covers(key)) return best;
    const hop = table.closest(key, best?.id ?? this.#bound(), accepts);
    return hop === undefined ? best : (this.#neighbourOf(key, hop, accepts) ?? hop);
  }

  /** A contact that is closer than the `hop` by prefix, and so close that the key's root is surely in its leaf set, if not itself. */
  #neighbourOf(key: Id, hop: Peer, accepts: Accepts): Peer | undefined {
    const { leafSet, table } = this.#context;
    const beside = table.closestBeside(key, hop.id, accepts);
    if (beside === undefined) return undefined;
    return ringTop(key, beside.id) < leafSet.reach ? beside : undefined;
  }

  /**
   * The next hop of a lookup. Where the table holds the whole ring the best hop is the root, to which one wants a connection anyhow. In
   * a larger network it is the peer with an open connection over which the request should be at the root soonest: proximity
   * neighbour selection (Castro, Druschel, Hu and Rowstron 2002) over what is open, for a dial takes five one-way delays.
   */
  soonest(key: Id, accepts: Accepts): Peer | undefined {
    const best = this.closest(key, accepts);
    const { leafSet, isServing, isRingInTable, self, config, peers } = this.#context;
    if (best === undefined || !isServing || isRingInTable || leafSet.covers(key)) return best;
    const cost = new HopCost(this.#context, key, best);
    if (cost.nodesFrom(self) <= ownShare * cost.around) return this.closestConnected(key, accepts) ?? best;
    const isDense = peers.connected.length * config.leafSetSize >= neighboursOpen * leafSet.estimatedSize();
    const nodesMax = isDense ? Number.POSITIVE_INFINITY : Math.max(cost.nodesReached, cost.nodesFrom(best));
    const open = cheapest(peers.connected, (peer) =>
      cost.nodesFrom(peer) <= nodesMax && isCloser(key, peer.id, self.id) && accepts(peer) ? cost.overMs(peer) : Number.POSITIVE_INFINITY,
    );
    const hopsToSpare = isDense ? 2 : 0.5;
    return open === undefined || cost.hopsFrom(open) >= cost.hopsFrom(best) + hopsToSpare ? best : open;
  }

  closestConnected(key: Id, accepts: Accepts): Peer | undefined {
    return closestOf(this.#context.peers.connected, key, this.#bound(), accepts);
  }

  /** Of those whose death would be known: the members, who are watched, and the others to which there is a connection. */
  closestWatched(key: Id, accepts: Accepts): Peer | undefined {
    const { leafSet } = this.#context;
    const member = closestOf(leafSet.members, key, this.#bound(), accepts);
    return closestOf(this.#context.peers.connected, key, member?.id ?? this.#bound(), accepts) ?? member;
  }

  /** When the root is a member that this node cannot reach itself: the member nearest to it that may. */
  relay(key: Id, accepts: Accepts): Peer | undefined {
    const { leafSet, self, isServing } = this.#context;
    if (!isServing) return undefined;
    const target = leafSet.members.find((peer) => peer.relayed && peer.isCounted && isCloser(key, peer.id, self.id));
    return target && closestOf(leafSet.members, target.id, undefined, accepts);
  }

  /** Whether this node reaches directly a neighbour that is closer to the key than `from`, who does not. */
  canRelay(from: Peer, key: Id): boolean {
    const { leafSet } = this.#context;
    return leafSet.members.some((peer) => peer.connected && this.#context.isHop(peer) && isCloser(key, peer.id, from.id));
  }

  #bound(): Id | undefined {
    return this.#context.isServing ? this.#context.self.id : undefined;
  }
}

function closestOf(peers: readonly Peer[], key: Id, than: Id | undefined, accepts: Accepts): Peer | undefined {
  let best: Peer | undefined;
  let bound = than;
  for (const peer of peers) {
    if ((bound !== undefined && !isCloser(key, peer.id, bound)) || !accepts(peer)) continue;
    best = peer;
    bound = peer.id;
  }
  return best;
}

/** The peer of the lowest finite cost. */
function cheapest(peers: readonly Peer[], costOf: (peer: Peer) => number): Peer | undefined {
  let best: Peer | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const peer of peers) {
    const cost = costOf(peer);
    if (cost >= bestCost) continue;
    best = peer;
    bestCost = cost;
  }
  return best;
}
