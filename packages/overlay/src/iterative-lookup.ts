import type { Contact } from './contact.ts';
import type { Id } from './id.ts';
import type { Hop } from './messages.ts';
import { isCloser } from './ring.ts';

/** Questions that await an answer at the same time at most (α of Kademlia, Maymounkov and Mazières 2002). */
const parallelism = 2;
/** Candidates kept at most: the closest. */
const candidatesMax = 64;

interface Candidate {
  readonly contact: Contact;
  /** Who named it; absent for those known at the start. */
  readonly by: Candidate | undefined;
  state: 'new' | 'asked' | 'slow' | 'answered' | 'failed';
  askedMs: number;
  timeoutMs: number;
  rttMs: number;
}

export type IterativeStep =
  /** Ask this one, and call `next` again. */
  | { readonly type: 'ask'; readonly contact: Contact }
  /** Nothing to do before this time, unless an answer comes. */
  | { readonly type: 'wait'; readonly untilMs: number }
  | { readonly type: 'found'; readonly root: Contact; readonly replicaSet: readonly Contact[]; readonly path: readonly Hop[] }
  /** Nobody who could know is left. */
  | { readonly type: 'exhausted' };

/**
 * An iterative lookup as a pure object: the origin itself asks closer and closer nodes until one calls itself the root and
 * nobody closer is left to ask. An answer that is late lets the next candidate be asked, and still counts when it comes.
 */
export class IterativeLookup {
  readonly key: Id;
  readonly #candidates: Map<string, Candidate> = new Map();
  #root: Candidate | undefined;
  #replicaSet: readonly Contact[] = [];

  constructor(key: Id, start: readonly Contact[]) {
    this.key = key;
    this.#add(start, undefined);
  }

  /** What to do now. `timeoutMs` says how long to wait for a contact. */
  next(nowMs: number, timeoutMs: (contact: Contact) => number): IterativeStep {
    let pending = 0;
    let untilMs = Number.POSITIVE_INFINITY;
    let best: Candidate | undefined;
    for (const candidate of this.#candidates.values()) {
      if (candidate.state === 'asked' && nowMs >= candidate.askedMs + candidate.timeoutMs) candidate.state = 'slow';
      if (!this.#mattersStill(candidate)) continue;
      if (candidate.state === 'asked') {
        pending++;
        untilMs = Math.min(untilMs, candidate.askedMs + candidate.timeoutMs);
      } else if (candidate.state === 'new' && (best === undefined || isCloser(this.key, candidate.contact.id, best.contact.id)))
        best = candidate;
    }
    if (best !== undefined && pending < parallelism) {
      best.state = 'asked';
      best.askedMs = nowMs;
      best.timeoutMs = timeoutMs(best.contact);
      return { type: 'ask', contact: best.contact };
    }
    if (pending > 0) return { type: 'wait', untilMs };
    if (this.#root === undefined) return { type: 'exhausted' };
    return { type: 'found', root: this.#root.contact, replicaSet: this.#replicaSet, path: pathTo(this.#root) };
  }

  /** The contact's answer: its replica set when it is the root, otherwise nodes closer to the key. */
  onSuccess(id: Id, isRoot: boolean, contacts: readonly Contact[], nowMs: number): void {
    const candidate = this.#candidates.get(id.hex);
    if (candidate === undefined || candidate.state === 'new' || candidate.state === 'answered') return;
    candidate.state = 'answered';
    candidate.rttMs = nowMs - candidate.askedMs;
    this.#add(contacts, candidate);
    if (!isRoot || (this.#root !== undefined && !isCloser(this.key, id, this.#root.contact.id))) return;
    this.#root = candidate;
    this.#replicaSet = contacts;
  }

  /** The contact cannot be reached, or is not active. */
  onFailure(id: Id): void {
    const candidate = this.#candidates.get(id.hex);
    if (candidate !== undefined && candidate.state !== 'answered') candidate.state = 'failed';
  }

  /** Whether the candidate could be the root in place of the one found. */
  #mattersStill(candidate: Candidate): boolean {
    return this.#root === undefined || isCloser(this.key, candidate.contact.id, this.#root.contact.id);
  }

  #add(contacts: readonly Contact[], by: Candidate | undefined): void {
    for (const contact of contacts) {
      if (this.#candidates.size >= candidatesMax || this.#candidates.has(contact.id.hex)) continue;
      this.#candidates.set(contact.id.hex, { contact, by, state: 'new', askedMs: 0, timeoutMs: 0, rttMs: -1 });
    }
  }
}

function pathTo(end: Candidate): readonly Hop[] {
  const path: Hop[] = [];
  for (let candidate: Candidate | undefined = end; candidate !== undefined; candidate = candidate.by) {
    path.unshift({ id: candidate.contact.id, rttMs: candidate.rttMs });
  }
  return path;
}
