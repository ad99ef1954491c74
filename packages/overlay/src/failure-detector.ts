import { heartbeatMsLimit } from './config.ts';
import type { Context } from './context.ts';
import type { Deadline, Timer } from './deadlines.ts';
import { PacedTimer } from './paced-timer.ts';
import type { Peer } from './peers.ts';
import type { Verifications } from './verification.ts';

const watchTimer: Timer = { kind: 'watch' };
const heartbeatTimer: Timer = { kind: 'heartbeat' };
const slowProbeTimer: Timer = { kind: 'slowProbe' };

/** A timer comes no sooner: what is left may be less than the clock resolves, and it would be due at once, and again, for ever. */
const timerMsMin = 1;

/**
 * Watches the leaf set: the counter-clockwise neighbour is sent heartbeats, the clockwise one is watched, the other near ones
 * are probed when no traffic vouches for them, and the far ones in turn over the ring. Whatever is sent is as good as a heartbeat,
 * whatever is received as good as an answer (probe suppression, MSPastry section 4.1).
 */
export class FailureDetector {
  readonly #context: Context;
  readonly #verifications: Verifications;
  readonly #slowProbe: PacedTimer;
  #watched: Peer | undefined;
  #watchedSinceMs = 0;
  #watchDeadline: Deadline | undefined;
  /** Who was sent the last heartbeat, and when the next is due. */
  #beaten: Peer | undefined;
  #heartbeatDeadline: Deadline | undefined;
  /** The period that the last heartbeat told: it holds until the next one, whatever the tuning says by then. */
  #promisedMs = 0;

  constructor(context: Context, verifications: Verifications) {
    this.#context = context;
    this.#verifications = verifications;
    const { slowProbeMs, slowProbeMsMax } = context.config;
    this.#slowProbe = new PacedTimer(context, slowProbeTimer, slowProbeMs, slowProbeMsMax);
  }

  begin(): void {
    const { random, heartbeatMs } = this.#context;
    this.#promisedMs = heartbeatMs;
    this.#heartbeatDeadline = this.#context.after(random.next() * heartbeatMs, heartbeatTimer);
    this.#slowProbe.begin();
    this.#watchDeadline = this.#context.after(heartbeatMs, watchTimer);
  }

  /** Within this long whoever watches this node gets its next sign of life. */
  get promisedMs(): number {
    return this.#promisedMs;
  }

  /** A missed hop acknowledgement, a closed connection, a refused dial: avoid the peer and find out. */
  suspect(peer: Peer): void {
    if (!peer.suspected) {
      peer.suspected = true;
      this.#context.emit({ type: 'suspected', id: peer.id });
    }
    this.#verifications.start(peer, 'silent', { routed: false, delayMs: 0 });
  }

  /** The connection closed: only a hint, so the peer is asked before anything is held against it. */
  doubt(peer: Peer): void {
    this.#verifications.start(peer, 'silent', { routed: false, delayMs: 0 });
  }

  onHeartbeat(peer: Peer, periodMs: number | undefined): void {
    this.onPromise(peer, periodMs);
    // How patient to be with it is known only from an answer of it.
    if (peer === this.#watched && peer.rttMeanMs < 0) this.doubt(peer);
  }

  /** The peer said how often it gives signs of life. It is not for it to say that nobody need look. */
  onPromise(peer: Peer, periodMs: number | undefined): void {
    if (periodMs === undefined) return;
    peer.heartbeatMs = Math.min(periodMs, heartbeatMsLimit);
    if (peer === this.#watched) this.onWatchTimer();
  }

  /** Whoever is near from now on is held connected: the first message to it makes the connection. */
  onLeafSetChanged(): void {
    const { leafSet, config } = this.#context;
    for (const peer of leafSet.near(config.nearNeighbours)) if (!peer.connected && !peer.relayed) this.doubt(peer);
    const isFaster = this.#context.heartbeatMs < this.#promisedMs / 2;
    if (isFaster || leafSet.predecessor !== this.#beaten) this.#beatNow();
    if (leafSet.successor !== this.#watched) this.onWatchTimer();
    this.#slowProbe.quicken();
  }

  /** This process was stopped: the silence was its own. */
  onStall(): void {
    this.#watchedSinceMs = this.#context.now.monoMs;
  }

  onHeartbeatTimer(): void {
    const { leafSet, now } = this.#context;
    const neighbour = leafSet.predecessor;
    this.#beaten = neighbour;
    if (neighbour === undefined || neighbour.relayed) {
      this.#beatAt(now.monoMs + this.#promisedMs);
      return;
    }
    if (now.monoMs - neighbour.lastSentMs >= this.#promisedMs) this.#beat(neighbour);
    // Anything sent in the meantime was as good as a heartbeat, so the next is due so long after it.
    this.#beatAt(neighbour.lastSentMs + this.#promisedMs);
  }

  /** Says that this node lives, and how often it will. */
  greet(peer: Peer): void {
    this.#context.send(peer, { type: 'heartbeat', status: this.#context.status, periodMs: this.#promisedMs });
  }

  onWatchTimer(): void {
    const { now, leafSet } = this.#context;
    const neighbour = leafSet.successor;
    if (neighbour !== this.#watched) {
      this.#watched = neighbour;
      this.#watchedSinceMs = now.monoMs;
    }
    if (neighbour === undefined || neighbour.relayed) {
      this.#watchAgain(this.#context.heartbeatMs);
      return;
    }
    const silentMs = now.monoMs - Math.max(neighbour.lastHeardMs, this.#watchedSinceMs);
    const patienceMs = (neighbour.heartbeatMs || this.#context.heartbeatMs) + this.#context.rtoMs(neighbour);
    if (silentMs < patienceMs) {
      this.#context.health.good();
      this.#watchAgain(patienceMs - silentMs);
      return;
    }
    this.suspect(neighbour);
    this.#watchAgain(this.#context.heartbeatMs);
  }

  onSlowProbeTimer(): void {
    const silentMs = this.#slowProbe.next() / 2;
    const { leafSet, config } = this.#context;
    const near = leafSet.near(config.nearNeighbours);
    for (const peer of near) {
      const isWatched = peer === leafSet.successor && !peer.relayed;
      if (!peer.connected || (!isWatched && this.#isSilent(peer, silentMs))) this.doubt(peer);
    }
    const far = this.#longestSilent(near);
    if (far === undefined || !this.#isSilent(far, silentMs)) return;
    this.#verifications.start(far, 'silent', { routed: !far.connected, delayMs: 0 });
  }

  /** One far member at a time, because the way to it takes several hops. */
  #longestSilent(near: readonly Peer[]): Peer | undefined {
    let longest: Peer | undefined;
    for (const peer of this.#context.leafSet.members) {
      if (near.includes(peer)) continue;
      if (longest === undefined || peer.lastHeardMs < longest.lastHeardMs) longest = peer;
    }
    return longest;
  }

  #isSilent(peer: Peer, ms: number): boolean {
    return this.#context.now.monoMs - peer.lastHeardMs >= ms;
  }

  /** The new watcher learns at once what it may count on. */
  #beatNow(): void {
    if (this.#heartbeatDeadline === undefined) return;
    const { predecessor } = this.#context.leafSet;
    this.#beaten = predecessor;
    if (predecessor === undefined || predecessor.relayed) return;
    this.#beat(predecessor);
    this.#beatAt(predecessor.lastSentMs + this.#promisedMs);
  }

  #beat(neighbour: Peer): void {
    this.#promisedMs = this.#context.heartbeatMs;
    this.greet(neighbour);
  }

  #beatAt(atMs: number): void {
    if (this.#heartbeatDeadline === undefined) return;
    this.#context.deadlines.move(this.#heartbeatDeadline, Math.max(atMs, this.#context.now.monoMs + timerMsMin));
  }

  #watchAgain(inMs: number): void {
    if (this.#watchDeadline === undefined) return;
    this.#context.deadlines.move(this.#watchDeadline, this.#context.now.monoMs + Math.max(inMs, timerMsMin));
  }
}
