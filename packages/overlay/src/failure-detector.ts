import type { Context } from './context.ts';
import type { Deadline } from './deadlines.ts';
import type { Peer } from './peers.ts';
import type { Verifications } from './verification.ts';

/** Of the far members one is probed this many times as often as each near one: it costs several hops. */
const farProbesPerSlowProbe = 2;
/** The watch does not look again sooner. */
const watchMsMin = 1;

/**
 * Watches the leaf set: a heartbeat goes to the counter-clockwise neighbour, the clockwise one is watched, the other near ones
 * are probed when no traffic vouches for them, and the far ones in turn over the ring.
 */
export class FailureDetector {
  readonly #context: Context;
  readonly #verifications: Verifications;
  #watched: Peer | undefined;
  #watchedSinceMs = 0;
  #watchDeadline: Deadline | undefined;

  constructor(context: Context, verifications: Verifications) {
    this.#context = context;
    this.#verifications = verifications;
  }

  begin(): void {
    const { config, random } = this.#context;
    this.#context.after(random.next() * config.heartbeatMs, { kind: 'heartbeat' });
    this.#context.after(this.#context.jittered(config.slowProbeMs), { kind: 'slowProbe' });
    this.#context.after(this.#context.jittered(config.slowProbeMs / farProbesPerSlowProbe), { kind: 'farProbe' });
    this.#watchDeadline = this.#context.after(config.heartbeatMs, { kind: 'watch' });
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

  /** Whoever is near from now on is held connected: the first message to it makes the connection. */
  onLeafSetChanged(): void {
    const { leafSet, config } = this.#context;
    for (const peer of leafSet.near(config.nearNeighbours)) if (!peer.connected && !peer.relayed) this.doubt(peer);
  }

  /** This process was stopped: the silence was its own. */
  onStall(): void {
    this.#watchedSinceMs = this.#context.now.monoMs;
  }

  onHeartbeatTimer(): void {
    const { leafSet, config, now } = this.#context;
    this.#context.after(config.heartbeatMs, { kind: 'heartbeat' });
    const neighbour = leafSet.predecessor;
    if (neighbour === undefined || neighbour.relayed) return;
    // Anything sent in the meantime was as good as a heartbeat.
    if (now.monoMs - neighbour.lastSentMs < config.heartbeatMs / 2) return;
    this.#context.send(neighbour, { type: 'heartbeat', status: this.#context.status });
  }

  onWatchTimer(): void {
    const { config, now, leafSet } = this.#context;
    const neighbour = leafSet.successor;
    if (neighbour !== this.#watched) {
      this.#watched = neighbour;
      this.#watchedSinceMs = now.monoMs;
    }
    if (neighbour === undefined || neighbour.relayed) {
      this.#watchAgain(config.heartbeatMs);
      return;
    }
    const silentMs = now.monoMs - Math.max(neighbour.lastHeardMs, this.#watchedSinceMs);
    const patienceMs = config.heartbeatMs + this.#context.rtoMs(neighbour);
    if (silentMs >= patienceMs) this.suspect(neighbour);
    else this.#context.health.good();
    this.#watchAgain(silentMs >= patienceMs ? config.heartbeatMs : patienceMs - silentMs);
  }

  onSlowProbeTimer(): void {
    const { leafSet, config } = this.#context;
    this.#context.after(this.#context.jittered(config.slowProbeMs), { kind: 'slowProbe' });
    for (const peer of leafSet.near(config.nearNeighbours)) {
      const isWatched = peer === leafSet.successor && !peer.relayed;
      if (!peer.connected || (!isWatched && this.#isSilent(peer))) this.doubt(peer);
    }
  }

  onFarProbeTimer(): void {
    const { leafSet, config } = this.#context;
    this.#context.after(this.#context.jittered(config.slowProbeMs / farProbesPerSlowProbe), { kind: 'farProbe' });
    const near = new Set(leafSet.near(config.nearNeighbours));
    let longest: Peer | undefined;
    for (const peer of leafSet.members) {
      if (near.has(peer) || !this.#isSilent(peer)) continue;
      if (longest === undefined || peer.lastHeardMs < longest.lastHeardMs) longest = peer;
    }
    if (longest !== undefined) this.#verifications.start(longest, 'silent', { routed: true, delayMs: 0 });
  }

  #isSilent(peer: Peer): boolean {
    return this.#context.now.monoMs - peer.lastHeardMs >= this.#context.config.slowProbeMs / 2;
  }

  #watchAgain(inMs: number): void {
    if (this.#watchDeadline === undefined) return;
    // What is left may be less than the clock resolves: the timer would be due at once, and again, for ever.
    this.#context.deadlines.move(this.#watchDeadline, this.#context.now.monoMs + Math.max(inMs, watchMsMin));
  }
}
