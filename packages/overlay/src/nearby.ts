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
  /** Whoever is no farther than this is near, as of the last question. */
  #nearMs: number = Number.POSITIVE_INFINITY;
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
    if (this.#tried !== undefined && this.#tried.rttMeanMs >= 0) {
      if (this.#tried.rttMeanMs <= this.#nearMs) this.#fruitlessMs = fruitlessMsMin;
      else this.#introduced = [];
    }
    const isWorthTrying = (peer: Peer): boolean => isFresh(peer) && peer.rttMeanMs <= this.#nearMs;
    const { first, others } = this.#context.peers.chooseFrom(this.#introduced, isWorthTrying);
    this.#introduced = others;
    this.#tried = first;
    if (first === undefined && this.#context.now.monoMs >= this.#askAtMs) this.#ask(wanted);
    return first;
  }

  /** For its first row, which holds nearly all that it knows. The less comes of it, the rarer. */
  #ask(wanted: number): void {
    const { peers, now } = this.#context;
    const near = peers.connected.filter((peer) => peer.rttMeanMs >= 0 && this.#context.isHop(peer));
    near.sort((a, b) => a.rttMeanMs - b.rttMeanMs);
    const others = near.filter(({ isLeaf }) => !isLeaf);
    const last = others[Math.ceil(Math.min(wanted, Math.max(nearestAsked, others.length / 2))) - 1];
    this.#nearMs = last?.rttMeanMs ?? Number.POSITIVE_INFINITY;
    this.#askAtMs = now.monoMs + Math.max(this.#fruitlessMs, others.length < wanted ? 0 : enoughMs);
    this.#fruitlessMs = Math.min(fruitlessMsMax, 2 * this.#fruitlessMs);
    this.#asked = this.#context.pick(near.slice(0, nearestAsked));
    if (this.#asked !== undefined) this.#context.send(this.#asked, { type: 'tableRequest', row: 0 });
  }
}
