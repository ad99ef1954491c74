import type { Contact } from './contact.ts';
import type { Context } from './context.ts';
import type { Peer } from './peers.ts';

/** Between questions that lead to nobody new nearby, at first and at last. */
const fruitlessMsMin = 15_000;
const fruitlessMsMax = 16 * 60_000;
/** The same when there are enough: some of those may be farther than others that live, and some die. */
const enoughMs = 5 * 60_000;
/** Of so many nearest peers one is asked whom it is near to, and of its answer the first so many are tried. */
const nearestAsked = 8;
const introducedMax = 16;

/**
 * Finds nodes nearby by round-trip time, through those that are nearby already: whoever is near to them is likely to be near to this
 * node (as Pastry's join and table maintenance find them, Castro et al. 2002).
 */
export class Nearby {
  readonly #context: Context;
  #asked: Peer | undefined;
  /** The pause after the next question, and when that may be. */
  #fruitlessMs = fruitlessMsMin;
  #askAtMs: number = Number.NEGATIVE_INFINITY;
  #introduced: readonly Contact[] = [];
  /** The last of them that was tried. */
  #tried: Peer | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** The answer to the question for nodes nearby: they come first in it. */
  onContacts(from: Peer, contacts: readonly Contact[]): void {
    if (from !== this.#asked) return;
    this.#asked = undefined;
    this.#introduced = contacts.slice(0, introducedMax);
  }

  /**
   * Whom to try next, as long as what was introduced turns out to be near: among those that one wants connections to, as far as is
   * known, and in the nearer half of those that there are. The rest of an answer is farther from who gave it. With nobody left to
   * try, one of the nearest is asked, unless that has been in vain of late. `wanted`: connections to nodes nearby.
   */
  next(wanted: number, isFresh: (peer: Peer) => boolean): Peer | undefined {
    // Most of the time there is nobody to try, and nobody to ask yet.
    if (this.#tried === undefined && this.#introduced.length === 0 && this.#context.now.monoMs < this.#askAtMs) return undefined;
    const measured = this.#measured();
    const nearMax = Math.min(wanted, Math.max(nearestAsked, measured.length / 2));
    if (this.#tried !== undefined && this.#tried.rttMeanMs >= 0) {
      if (isAmong(nearMax, this.#tried, measured)) this.#fruitlessMs = fruitlessMsMin;
      else this.#introduced = [];
    }
    const isWorthTrying = (peer: Peer): boolean => isFresh(peer) && (peer.rttMeanMs < 0 || isAmong(nearMax, peer, measured));
    const { first, others } = this.#context.peers.chooseFrom(this.#introduced, isWorthTrying);
    this.#introduced = others;
    this.#tried = first;
    if (first === undefined) this.#ask(measured.length < wanted);
    return first;
  }

  /** For its first row, which holds nearly all that it knows. The less comes of it, the rarer. */
  #ask(isWanting: boolean): void {
    const { peers, now } = this.#context;
    if (now.monoMs < this.#askAtMs) return;
    this.#askAtMs = now.monoMs + Math.max(this.#fruitlessMs, isWanting ? 0 : enoughMs);
    this.#fruitlessMs = Math.min(fruitlessMsMax, 2 * this.#fruitlessMs);
    const near = peers.connected.filter((peer) => peer.rttMeanMs >= 0 && this.#context.isHop(peer));
    near.sort((a, b) => a.rttMeanMs - b.rttMeanMs);
    this.#asked = this.#context.pick(near.slice(0, nearestAsked));
    if (this.#asked !== undefined) this.#context.send(this.#asked, { type: 'tableRequest', row: 0 });
  }

  #measured(): readonly Peer[] {
    return this.#context.peers.connected.filter((peer) => !peer.isLeaf && peer.rttMeanMs >= 0 && this.#context.isHop(peer));
  }
}

/** Whether fewer than `count` of the others are as near as the peer. */
function isAmong(count: number, peer: Peer, others: readonly Peer[]): boolean {
  const ms = peer.rttMeanMs;
  let nearer = 0;
  for (const other of others) if (other !== peer && other.rttMeanMs <= ms && ++nearer >= count) return false;
  return nearer < count;
}
