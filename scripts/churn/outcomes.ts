import type { Chronicle } from '../lib/chronicle.ts';
import type { Peer } from '../lib/peer.ts';

/** What came of the requests of the clients, and of the joins. Times in milliseconds. */
export class Outcomes {
  getsOk = 0;
  getsFailed = 0;
  putsOk = 0;
  putsFailed = 0;
  /** Requests through a node that the script ended or stopped meanwhile: they say nothing about the system. */
  interrupted = 0;
  /** Gets that ended well and gave other bytes than were stored. */
  wrongBytes = 0;
  readonly getMs: number[] = [];
  readonly putMs: number[] = [];
  /** Of fresh nodes during the churn, by the daemon's own clock from its first dial when it tells, else from the start of its process. */
  readonly joinMs: number[] = [];
  /** Of nodes that came back on their disk. */
  readonly rejoinMs: number[] = [];
  readonly failures: Failure[] = [];
  private readonly startMs = performance.now();
  private readonly chronicle: Chronicle;

  constructor(chronicle: Chronicle) {
    this.chronicle = chronicle;
  }

  /** Remembers why something failed, for the report. */
  failure(what: Failure['what'], peer: Peer | undefined, subject: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.chronicle.note(`${what} failed`, peer, { subject, error: reason });
    if (this.failures.length >= failuresMax) return;
    const atS = Math.round((performance.now() - this.startMs) / 100) / 10;
    this.failures.push({ atS, what, node: peer?.number ?? null, subject, error: reason });
  }
}

const failuresMax = 200;

export interface Failure {
  /** Seconds since the run began. */
  readonly atS: number;
  readonly what: 'get' | 'put' | 'join' | 'leave' | 'check' | 'audit';
  /** Number of the node through which it was tried. */
  readonly node: number | null;
  /** CID or what else it was about. */
  readonly subject: string;
  readonly error: string;
}
