import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusReply } from '@dht/node';
import type { Chronicle } from '../lib/chronicle.ts';
import type { Fleet } from '../lib/fleet.ts';
import type { Peer } from '../lib/peer.ts';
import { freePort } from '../lib/port.ts';
import type { Outcomes } from './outcomes.ts';
import type { Schedule } from './schedule.ts';

const leaveTimeoutMs = 20_000;
/** The nodes that a fresh one was told to join through may all be killed at that very moment. */
const joinTries = 3;

/** Keeps killing, stopping and starting nodes, so that about as many are there all the time. */
export class Population {
  killed = 0;
  left = 0;
  paused = 0;
  /** Fresh nodes that became members. */
  joined = 0;
  /** Nodes that came back on their disk and became members. */
  returned = 0;
  private readonly fleet: Fleet;
  private readonly schedule: Schedule;
  private readonly outcomes: Outcomes;
  private readonly chronicle: Chronicle;
  private readonly discards: Promise<void>[] = [];

  constructor(fleet: Fleet, schedule: Schedule, outcomes: Outcomes, chronicle: Chronicle) {
    this.fleet = fleet;
    this.schedule = schedule;
    this.outcomes = outcomes;
    this.chronicle = chronicle;
  }

  /**
   * Runs for `runMs`, then finishes what it has begun: nobody is left stopped, or away but about to return. With `turnover` every
   * node that is there now is replaced by a fresh one within that time.
   */
  async churn(runMs: number, turnover: boolean, signal: AbortSignal): Promise<void> {
    const end = AbortSignal.any([signal, AbortSignal.timeout(runMs)]);
    const originals = this.fleet.living;
    const retirements = turnover ? this.schedule.retirements(originals.length, runMs) : [];
    const startMs = performance.now();
    await Promise.all(
      originals.map(async (peer, index) => {
        const retirement = retirements[index];
        const successor = retirement === undefined ? peer : await this.untilReplaced(peer, startMs + retirement, signal);
        if (successor !== undefined) await this.lives(successor, end);
      }),
    );
    await Promise.all(this.discards);
  }

  /** An original node of a turnover: frozen now and then, at `atMs` gone for good. Gives the fresh node in its place. */
  private async untilReplaced(peer: Peer, atMs: number, signal: AbortSignal): Promise<Peer | undefined> {
    const due = AbortSignal.any([signal, AbortSignal.timeout(Math.max(0, Math.ceil(atMs - performance.now())))]);
    while (await rest(this.schedule.session(), due)) {
      if (this.schedule.fate() === 'pause') await this.pause(peer);
    }
    if (signal.aborted) return undefined;
    await this.end(peer, this.schedule.lastFate());
    return this.replace(peer);
  }

  /** The lives of one place in the population, one after another. */
  private async lives(first: Peer, end: AbortSignal): Promise<void> {
    let peer: Peer | undefined = first;
    while (peer !== undefined && (await rest(this.schedule.session(), end))) {
      const fate = this.schedule.fate();
      if (fate === 'pause') {
        await this.pause(peer);
        continue;
      }
      await this.end(peer, fate);
      peer = this.schedule.returns() ? await this.comeBack(peer, end) : await this.replace(peer);
    }
  }

  private async pause(peer: Peer): Promise<void> {
    if (!peer.serving) return;
    this.paused++;
    peer.process?.pause();
    const pauseMs = Math.round(this.schedule.pauseTime());
    this.chronicle.note('frozen', peer, { pauseMs });
    await sleep(pauseMs);
    peer.process?.resume();
  }

  private async end(peer: Peer, fate: 'kill' | 'leave'): Promise<void> {
    if (fate === 'kill' || !peer.serving) {
      this.kill(peer);
      return;
    }
    try {
      this.chronicle.note('leaves', peer);
      const outcome = await peer.leave(leaveTimeoutMs);
      if (outcome !== 'handed-over') this.outcomes.failure('leave', peer, 'dht leave', outcome);
      this.left++;
      this.chronicle.note('left', peer, { outcome });
    } catch (error) {
      this.outcomes.failure('leave', peer, 'dht leave', error);
      this.kill(peer);
    }
  }

  private kill(peer: Peer): void {
    this.killed++;
    peer.kill();
    this.chronicle.note('killed', peer);
  }

  /** A fresh node instead of `peer`, whose disk goes. */
  private async replace(peer: Peer): Promise<Peer | undefined> {
    this.discards.push(peer.discard());
    for (let tries = 0; tries < joinTries; tries++) {
      try {
        const { peer: fresh, status } = await this.fleet.startFresh();
        this.joined++;
        this.chronicle.note('joined', fresh);
        this.outcomes.joinMs.push(joinTime(fresh, status));
        return fresh;
      } catch (error) {
        this.outcomes.failure('join', undefined, 'fresh node', error);
      }
    }
    return undefined;
  }

  /** `peer` again after some time, on its disk; every other time at another address. */
  private async comeBack(peer: Peer, end: AbortSignal): Promise<Peer | undefined> {
    await rest(this.schedule.downTime(), end);
    await peer.process?.ended;
    if (this.schedule.returns()) peer.port = await freePort();
    try {
      const status = await this.fleet.restart(peer);
      this.returned++;
      this.chronicle.note('returned', peer);
      this.outcomes.rejoinMs.push(joinTime(peer, status));
      return peer;
    } catch (error) {
      this.outcomes.failure('join', peer, 'returning node', error);
      return undefined;
    }
  }
}

/** False when `end` came first. */
async function rest(ms: number, end: AbortSignal): Promise<boolean> {
  if (end.aborted) return false;
  return sleep(Math.min(ms, 2 ** 31 - 1), true, { signal: end }).catch(() => false);
}

/** The daemon's own measure from its first dial when it gives one, else the time since its process was started. */
function joinTime(peer: Peer, status: StatusReply): number {
  const { joinMs } = status;
  return joinMs ?? performance.now() - (peer.process?.spawnedAtMs ?? 0);
}
