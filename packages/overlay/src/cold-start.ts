import type { Contact } from './contact.ts';
import type { Context } from './context.ts';
import type { Deadline } from './deadlines.ts';
import type { Id } from './id.ts';
import { compareIds } from './id.ts';
import type { Peer } from './peers.ts';
import type { Remembered } from './remembered.ts';
import { SparseMap } from './sparse-map.ts';
import { SparseSet } from './sparse-set.ts';

/** Remembered contacts are probed after this, then after twice this and so on. */
const probeMs = 1000;
const probeMsMax = 16_000;
/** So many the first time, and this many times as many the second: where there is a ring, one answer is enough. */
const probedFirst = 4;
const probedGrowth = 4;
/** After so many rounds all are probed, before a ring is seeded. */
const partialRounds = 2;
/** Nodes that wait for a ring, kept in mind at most. */
const waitingMax = 256;

/**
 * The restart of a whole network: nobody is active, so nobody can be joined. The previously active node with the lowest id that
 * is reachable seeds the ring, the others join it. Two who both think that they are the lowest make two rings, which merge.
 */
export class ColdStart {
  readonly #context: Context;
  readonly #remembered: Remembered;
  readonly #onSeed: () => void;
  /** Reachable previously active nodes that are not active now, by id. */
  readonly #waiting: SparseMap<string, Id> = new SparseMap();
  /** Whom this node has asked in this round: two that ask back each time they are asked would never stop. */
  readonly #asked: SparseSet<string> = new SparseSet();
  #seedDeadline: Deadline | undefined;
  #probeDeadline: Deadline | undefined;
  #probes = 0;
  /** Whether an active node was heard since the timer was set: where one is there is a ring, however slowly it lets this node in. */
  #isRingNear = false;

  constructor(context: Context, remembered: Remembered, onSeed: () => void) {
    this.#context = context;
    this.#remembered = remembered;
    this.#onSeed = onSeed;
  }

  begin(entries: readonly Contact[]): void {
    if (this.#seedDeadline !== undefined) return;
    if (this.#maySeed && entries.length === 0 && this.#remembered.size === 0) {
      this.#onSeed();
      return;
    }
    this.#seedDeadline = this.#context.after(this.#context.jittered(this.#context.config.coldStartMs), { kind: 'coldStart' });
    this.#probeDeadline = this.#context.after(this.#context.jittered(probeMs), { kind: 'coldProbe' });
  }

  stop(): void {
    if (this.#seedDeadline !== undefined) this.#context.deadlines.cancel(this.#seedDeadline);
    if (this.#probeDeadline !== undefined) this.#context.deadlines.cancel(this.#probeDeadline);
    this.#seedDeadline = undefined;
    this.#probeDeadline = undefined;
    this.#waiting.clear();
    this.#asked.clear();
  }

  /** A node answered that is not active. */
  onWaiting(peer: Peer, previouslyActive: boolean): void {
    if (this.#seedDeadline === undefined || !previouslyActive || this.#waiting.size >= waitingMax) return;
    this.#waiting.set(peer.id.hex, peer.id);
  }

  /** A node that waits like this one asked: perhaps it is not among the remembered. */
  onAsked(peer: Peer): void {
    if (this.#seedDeadline === undefined || peer.status !== 'joining' || this.#waiting.has(peer.id.hex)) return;
    if (!this.#asked.has(peer.id.hex) && this.#asked.size < waitingMax) this.#probe(peer);
  }

  /** An active node spoke for itself. */
  onActive(): void {
    this.#isRingNear = true;
  }

  onLost(peer: Peer): void {
    this.#waiting.delete(peer.id.hex);
  }

  /**
   * Remembered nodes, whether they are active or wait as well. `isFound`: the join has found a ring. Then dials would only hold it up, as
   * they would after an active node was heard.
   */
  onProbeTimer(isFound: boolean): void {
    this.#asked.clear();
    if (!isFound && !this.#isRingNear) for (const contact of this.#someRemembered()) this.#probe(this.#context.peers.meet(contact));
    this.#probes++;
    const pauseMs = Math.min(probeMsMax, probeMs * 2 ** this.#probes);
    this.#probeDeadline = this.#context.after(this.#context.jittered(pauseMs), { kind: 'coldProbe' });
  }

  /** `isFound`: the join has found a ring, so that there is no need for another one. */
  onSeedTimer(isFound: boolean): void {
    const { self, config } = this.#context;
    const isLowest = [...this.#waiting.values()].every((id) => compareIds(self.id, id) < 0);
    if (this.#maySeed && isLowest && !isFound && !this.#isRingNear) {
      this.#onSeed();
      return;
    }
    this.#isRingNear = false;
    this.#seedDeadline = this.#context.after(this.#context.jittered(config.coldStartMs), { kind: 'coldStart' });
  }

  /** More each time, from a random one on. */
  #someRemembered(): readonly Contact[] {
    const contacts = this.#remembered.contacts();
    const count = this.#probes < partialRounds ? probedFirst * probedGrowth ** this.#probes : contacts.length;
    return this.#context.rotated(contacts).slice(0, count);
  }

  get #maySeed(): boolean {
    return this.#context.previouslyActive && this.#context.self.role === 'full';
  }

  #probe(peer: Peer): void {
    this.#asked.add(peer.id.hex);
    this.#context.send(peer, { type: 'probe', nonce: this.#context.nextCounter(), status: this.#context.status });
  }
}
