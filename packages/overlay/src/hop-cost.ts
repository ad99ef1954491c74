import type { Context } from './context.ts';
import { exp, ln } from './exact-math.ts';
import { digitValues, type Id } from './id.ts';
import type { Peer } from './peers.ts';
import { ringTop, ringTops } from './ring.ts';
import { vicinityReach } from './vicinity.ts';

/** One way, before anything was measured: the median of the Internet is about 40 ms (King data set, Gummadi et al. 2002). */
const oneWayMsInitial = 40;
/** Without a vicinity so many of the leaf set can be counted on, as a share of all of it. */
const aroundShareMin = 1 / 3;
/** Of what a node has around it others can be sure of so much: sizes are estimates, and some are new. */
const surelyAround = 3 / 4;
/** With so many nodes between, hardly ever is the closest one to the key the one asked. */
const nodesBetweenMax = 8;

/**
 * How long a request should take to the root of its key over a peer, in milliseconds: the way to the peer, what it costs on
 * average that it may have died unnoticed, and the hops from there on. Made anew for each choice.
 */
export class HopCost {
  readonly #context: Context;
  readonly #key: Id;
  /** One way between any two nodes. */
  readonly #typicalMs: number;
  /** The last hop to the root, from a peer that is not the root itself. */
  readonly #lastMs: number;
  readonly #failuresPerMs: number;
  /** Mean distance between two nodes, in units of 2²⁰⁸. */
  readonly #gap: number;
  /** Connections that this node has to its vicinity on either side. Others will have as many to theirs. */
  readonly around: number;

  /** `best`: the closest known node. */
  constructor(context: Context, key: Id, best: Peer) {
    const { tuning, now, leafSet, peers } = context;
    this.#context = context;
    this.#key = key;
    this.#typicalMs = typicalMs(peers.connected);
    this.#failuresPerMs = tuning.failures.perMs(now.monoMs, leafSet.size);
    this.#gap = ringTops / leafSet.estimatedSize();
    this.around = Math.max(context.config.leafSetSize * aroundShareMin, connectedAround(context) / 2);
    // If the best is the root, whoever is near to this node is as far from it as this node.
    const isRoot = best.rttMeanMs < 0 ? 0 : this.#chanceOfRoot(best);
    this.#lastMs = this.#typicalMs + isRoot * (best.rttMeanMs / 2 - this.#typicalMs);
  }

  overMs(peer: Peer): number {
    const last = 1 - this.#chanceOfRoot(peer);
    return this.#wayMs(peer) + last * this.#lastMs + this.#hopsBeforeLast(peer) * this.#typicalMs;
  }

  /** How many hops it should take on from the peer. */
  hopsFrom(peer: Peer): number {
    return 1 - this.#chanceOfRoot(peer) + this.#hopsBeforeLast(peer);
  }

  /** With n gaps between the peer and the key, there is room for 2n nodes that are closer: one of them is there with 1 − e^(−2n). */
  #chanceOfRoot(peer: Peer): number {
    const nodes = this.nodesFrom(peer);
    return nodes > nodesBetweenMax ? 0 : exp(-2 * nodes);
  }

  /** Up to three quarters of what it is connected to around it the peer has the root; beyond, each hop resolves a digit. */
  #hopsBeforeLast(peer: Peer): number {
    const surely = this.nodesReached;
    const beyond = this.nodesFrom(peer) / surely;
    if (beyond <= 1) return 0;
    return Math.min(1, (beyond - 1) / 2) + Math.max(0, ln(beyond / 3) / ln(digitValues));
  }

  /** Of the nodes on either side of a peer it has a connection to so many for certain. */
  get nodesReached(): number {
    return surelyAround * this.around;
  }

  /** How many gaps lie between the peer and the key. */
  nodesFrom(peer: { readonly id: Id }): number {
    return ringTop(peer.id, this.#key) / this.#gap;
  }

  #wayMs(peer: Peer): number {
    const wayMs = peer.rttMeanMs < 0 ? this.#unmeasuredMs(peer) : peer.rttMeanMs / 2;
    const deaths = Math.min(1, (this.#context.now.monoMs - peer.seenMs) * this.#failuresPerMs);
    return wayMs + deaths * this.#context.hopAckMs(peer);
  }

  /** Who connected to this node without being a neighbour by its id is likely to have found it near. */
  #unmeasuredMs(peer: Peer): number {
    return peer.isLeaf ? this.#typicalMs : this.#typicalMs / 2;
  }
}

function connectedAround(context: Context): number {
  const { peers, self } = context;
  const reach = vicinityReach(context);
  let count = 0;
  for (const { id } of peers.connected) if (ringTop(id, self.id) <= reach) count++;
  return count;
}

/** Mean way to members, who live anywhere: other connections are to nodes nearby. */
function typicalMs(connected: readonly Peer[]): number {
  let sumMs = 0;
  let count = 0;
  for (const { isLeaf, rttMeanMs } of connected) {
    if (!isLeaf || rttMeanMs < 0) continue;
    sumMs += rttMeanMs / 2;
    count++;
  }
  return count === 0 ? oneWayMsInitial : sumMs / count;
}
