import type { Context } from './context.ts';
import { exp, ln } from './exact-math.ts';
import { digitValues, type Id } from './id.ts';
import type { Peer } from './peers.ts';
import { ringTop, ringTops } from './ring.ts';

/** One way, before anything was measured: the median of the Internet is about 40 ms (King data set, Gummadi et al. 2002). */
const oneWayMsInitial = 40;
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

  /** `best`: the closest known node. */
  constructor(context: Context, key: Id, best: Peer) {
    const { tuning, now, leafSet, peers } = context;
    this.#context = context;
    this.#key = key;
    this.#typicalMs = typicalMs(peers.connected);
    this.#failuresPerMs = tuning.failures.perMs(now.monoMs, leafSet.size);
    this.#gap = ringTops / leafSet.estimatedSize();
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

  /** Up to about half of its size the leaf set has the root; beyond, each hop resolves a digit. */
  #hopsBeforeLast(peer: Peer): number {
    const nodes = this.nodesFrom(peer);
    const half = this.#context.config.leafSetSize / 2;
    if (nodes <= half / 2) return 0;
    return Math.min(1, nodes / half - 0.5) + Math.max(0, ln(nodes / (1.5 * half)) / ln(digitValues));
  }

  /** How many gaps lie between the peer and the key. */
  nodesFrom(peer: Peer): number {
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
