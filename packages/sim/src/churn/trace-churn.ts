import { sample } from '../engine/distributions.ts';
import type { Host } from '../machine/host.ts';
import type { Cluster } from '../world/cluster.ts';
import type { ChurnProcess } from './churn.ts';
import { liveAt, type Session, type TraceWindow } from './trace.ts';

/** A node that finds nobody to join through tries again after this. */
const rejoinMs = 1_000;

/**
 * Starts and ends processes as a part of a trace says, until it is told to stop. The hosts that run when it starts take the places of
 * nodes that the trace has there at that time; when they are fewer, so many of the trace's nodes are left out, drawn at random, that
 * the rest is a network of this size. All ends are crashes: the trace does not know of any other.
 */
export class TraceChurn implements ChurnProcess {
  private readonly cluster: Cluster;
  private readonly window: TraceWindow;
  private readonly hosts = new Map<number, Host>();
  private stopped = false;

  constructor(cluster: Cluster, window: TraceWindow) {
    this.cluster = cluster;
    this.window = window;
  }

  start(): void {
    const { trace, fromMs, toMs } = this.window;
    const { engine } = this.cluster.world;
    const beginMs = engine.now;
    const sessions = this.kept(trace.sessions.filter(({ startMs, endMs }) => startMs < toMs && endMs > fromMs));
    const running = this.cluster.activeHosts();
    for (const { node, startMs, endMs } of sessions) {
      if (startMs <= fromMs) this.adopt(node, running.pop());
      else engine.at(beginMs + startMs - fromMs, () => this.begin(node));
      engine.at(beginMs + endMs - fromMs, () => this.finish(node));
    }
  }

  /** Nobody comes or goes any more. */
  stop(): void {
    this.stopped = true;
  }

  private kept(sessions: readonly Session[]): readonly Session[] {
    const { trace, fromMs } = this.window;
    const { world } = this.cluster;
    const live = liveAt(trace, fromMs);
    const share = Math.min(1, this.cluster.activeHosts().length / live);
    const random = world.stream('churn');
    const isKept = Array.from({ length: trace.nodes }, () => random.next() < share);
    return sessions.filter(({ node }) => isKept[node]);
  }

  private adopt(node: number, host: Host | undefined): void {
    if (host === undefined) this.begin(node);
    else this.hosts.set(node, host);
  }

  private begin(node: number): void {
    if (this.stopped) return;
    const known = this.hosts.get(node);
    if (known !== undefined) {
      this.cluster.restart(known);
      return;
    }
    const [through] = sample(this.cluster.random, this.cluster.activeHosts(), 1);
    if (through === undefined) this.cluster.world.engine.after(rejoinMs, () => this.begin(node));
    else this.hosts.set(node, this.cluster.join([through]));
  }

  private finish(node: number): void {
    const host = this.hosts.get(node);
    if (!this.stopped && host !== undefined) this.cluster.crash(host);
  }
}
