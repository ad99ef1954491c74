import type { Contact } from './contact.ts';
import type { Context } from './context.ts';
import type { Deadline, Timer } from './deadlines.ts';
import { JoinCandidates } from './join-candidates.ts';
import { JoinDetour } from './join-detour.ts';
import type { Membership } from './membership.ts';
import type { JoinCommittedMessage, JoinGrantMessage, JoinRefusedMessage, RouteReplyMessage } from './messages.ts';
import type { Peer } from './peers.ts';
import { PlaceSearch } from './place-search.ts';
import type { Remembered } from './remembered.ts';
import type { Router } from './router.ts';
import type { Verifications } from './verification.ts';

const joinStepTimer: Timer = { kind: 'joinStep' };

/** The next way in is tried after this. Most answer in less, and each answer is as long as a dozen contacts. */
const hedgeMs = 1000;
/** How long each step may take before the attempt is given up. */
const searchMs = 2000;
const requestMs = 1500;
const commitMs = 2000;
/** Refusals that name a better predecessor, followed without a pause. */
const redirectsMax = 16;
/** The pause between attempts doubles up to this many times `joinRetryMs`. */
const backoffFactorMax = 16;
/** Each silence allows the next answers twice the time, up to this many times: a modem takes seconds for a list of contacts. */
const patienceMax = 8;
/** Where the same is asked again, so that a late answer is as good, no longer than this many times. */
const resendPatienceMax = 2;
/** A commit is sent so often: it, or the word of the successor, may be lost, and they say no more than a few bytes. */
const commitsMax = 4;

type Stage =
  | 'idle'
  /** The join is on its way to the root of this node's id. */
  | 'searching'
  /** The predecessor is asked for the grant of its gap, or will offer it when its turn comes. */
  | 'requesting'
  /** The grant is here; the nearest nodes on both sides have not all answered yet. */
  | 'confirming'
  /** Predecessor and successor are asked to let this node in. */
  | 'committing'
  /** Before the next attempt. */
  | 'pausing';

/** The joiner's side of a join (DESIGN §4): search, probe concurrently, ask for the grant, commit, activate. */
export class Join {
  readonly #context: Context;
  readonly #router: Router;
  readonly #membership: Membership;
  readonly #search: PlaceSearch;
  readonly #onActive: () => void;
  #stage: Stage = 'idle';
  readonly #candidates: JoinCandidates;
  readonly #detour: JoinDetour;
  /** Steps that nobody answered in time since the join began. */
  #silences = 0;
  #attempt = 0;
  #redirects = 0;
  /** Whether the predecessor said that others are before this node. */
  #isQueued = false;
  /** How often the commit under this grant was sent. */
  #commits = 0;
  #failures = 0;
  #predecessor: Peer | undefined;
  #grant: JoinGrantMessage | undefined;
  readonly #deadline: Deadline;

  constructor(
    context: Context,
    router: Router,
    membership: Membership,
    verifications: Verifications,
    remembered: Remembered,
    onActive: () => void,
  ) {
    this.#context = context;
    this.#router = router;
    this.#membership = membership;
    this.#candidates = new JoinCandidates(context, membership, verifications);
    this.#detour = new JoinDetour(context, verifications);
    this.#search = new PlaceSearch(context, router, membership, remembered, (reply) => this.#onSearched(reply));
    this.#onActive = onActive;
    this.#deadline = context.deadlines.prepare(joinStepTimer);
  }

  get isRunning(): boolean {
    return this.#stage !== 'idle';
  }

  /** Whether an active ring was found, and this node is about to enter it. */
  get hasFoundRing(): boolean {
    return this.#stage === 'requesting' || this.#stage === 'confirming' || this.#stage === 'committing';
  }

  /** Begins, or adds ways in to a join that runs. */
  begin(entries: readonly Contact[]): void {
    this.#search.add(entries);
    if (this.#stage === 'idle' || this.#stage === 'pausing' || this.#stage === 'searching') this.#beginSearch(entries);
  }

  /**
   * An active node showed up while the join got nowhere: it is the way in. Not one that was asked before: late answers over a slow
   * line would each bring the next question, and there would be no end to them.
   */
  onActivePeer(peer: Peer): void {
    if (peer.contact.role !== 'full') return;
    if (this.#stage === 'pausing' && !this.#search.isExhausted(peer)) this.#beginSearch([peer.contact]);
    else if (this.#stage === 'confirming') this.progress();
  }

  /** The answer to a search that was given up. */
  onLateReply(reply: RouteReplyMessage): void {
    if (this.#stage !== 'searching' && this.#stage !== 'pausing') return;
    if (this.#search.isOverdue(reply)) this.#onFound(reply);
  }

  onGrant(from: Peer, message: JoinGrantMessage): void {
    if (this.#stage !== 'requesting' || message.attempt !== this.#attempt || from !== this.#predecessor) return;
    this.#grant = message;
    this.#commits = 0;
    this.#candidates.collect([message.successor, ...message.members]);
    this.#enter('confirming', message.deadlineMs / 2);
    this.#candidates.askNear();
    this.progress();
  }

  onRefused(from: Peer, message: JoinRefusedMessage): void {
    if (message.attempt !== this.#attempt || !this.#mayRefuse(from)) return;
    this.#candidates.collect(message.members);
    this.#router.isCommitting = false;
    if (message.reason === 'not-active') this.#candidates.delete(from);
    if (message.reason === 'busy') {
      this.#isQueued = true;
      this.#enter('requesting', message.retryAfterMs);
    } else if (message.reason === 'not-active' && this.#candidates.size === 0) this.#pause('the only known neighbour is not active');
    else if (this.#candidates.closestBehind() === this.#predecessor) this.#pause('the neighbours do not agree yet');
    else this.#redirect();
  }

  /** From the successor that the grant names, or through the predecessor when it cannot be reached: both ends of the gap have taken this node in. */
  onCommitted(from: Peer, message: JoinCommittedMessage): void {
    const grant = this.#grant;
    const predecessor = this.#predecessor;
    if (this.#stage !== 'committing' || grant === undefined || predecessor === undefined) return;
    if (message.attempt !== this.#attempt || message.token !== grant.token) return;
    if (!this.#isSuccessor(from) && from !== predecessor) return;
    this.#finish();
    const successor = this.#membership.meet(grant.successor);
    if (!successor.connected) this.#membership.vouched(successor);
    this.#detour.onJoined(predecessor, message);
    this.#onActive();
    const candidates = [...this.#candidates.values()].map((peer) => peer.contact);
    this.#candidates.clear();
    this.#membership.consider(candidates);
  }

  /** A near node answered or was found dead: perhaps it was the last one missing. Or it was found that only others reach it. */
  progress(): void {
    if (this.#stage === 'requesting' && this.#predecessor !== undefined && this.#detour.isWrongWay(this.#predecessor)) this.#redirect();
    if (this.#stage !== 'confirming') return;
    if (this.#candidates.nearest().every((peer) => peer.isLeaf)) this.#commit();
    else this.#candidates.askNear();
  }

  onStepTimer(): void {
    const hasOthers = this.#stage === 'searching' && this.#search.hasOthers;
    if (this.#stage !== 'pausing' && !this.#isQueued && !hasOthers) this.#silences++;
    const isAsking = this.#stage === 'requesting' || this.#stage === 'committing';
    if (isAsking && !this.#isQueued && this.#predecessor !== undefined) this.#detour.onSilence(this.#predecessor);
    switch (this.#stage) {
      case 'requesting':
        this.#askAgain();
        break;
      case 'pausing':
        this.#beginSearch();
        break;
      case 'idle':
        break;
      case 'searching':
        this.#searchOn();
        break;
      case 'confirming':
        this.#onUnconfirmed();
        break;
      case 'committing':
        if (this.#commits < commitsMax) this.#commit();
        else this.#pause('the successor did not answer');
        break;
    }
  }

  /** Ends a join that became needless. */
  stop(): void {
    this.#finish();
    this.#candidates.clear();
  }

  get #patience(): number {
    return Math.min(patienceMax, 2 ** this.#silences * this.#context.health.factor);
  }

  get #resendPatience(): number {
    return Math.min(resendPatienceMax, this.#patience);
  }

  #beginSearch(through?: readonly Contact[]): void {
    this.#redirects = 0;
    if (this.#search.begin(through) === 0) {
      this.#pause('no contact to join through');
      return;
    }
    this.#stage = 'searching';
    this.#searchOn();
  }

  #searchOn(): void {
    if (!this.#search.hasOthers) {
      this.#pause('no active node answered');
      return;
    }
    this.#search.goOn(searchMs * this.#patience);
    this.#enter('searching', (this.#search.hasOthers ? hedgeMs : searchMs) * this.#patience);
  }

  #onSearched(reply: RouteReplyMessage | undefined): void {
    if (this.#stage !== 'searching') return;
    if (reply === undefined) this.#searchOn();
    else this.#onFound(reply);
  }

  #onFound(reply: RouteReplyMessage): void {
    this.#search.abandon();
    for (const contact of [...reply.contacts, ...reply.replicaSet]) this.#context.learn(contact);
    if (this.#context.self.role === 'client') {
      this.#finish();
      this.#onActive();
      return;
    }
    this.#candidates.collect(reply.replicaSet);
    this.#request();
    this.#candidates.askNear();
  }

  /**
   * The predecessor that is being asked already is asked with the same number: an answer to what it was asked before, which was only late,
   * still counts.
   */
  #request(): void {
    const predecessor = this.#candidates.closestBehind();
    const isAsked = this.#stage === 'requesting' && predecessor === this.#predecessor;
    this.#predecessor = predecessor;
    if (predecessor === undefined) {
      this.#pause('no predecessor can be reached');
      return;
    }
    if (this.#detour.isClosed(predecessor)) {
      this.#detour.onSilence(predecessor);
      this.#pause('the predecessor cannot be reached, nor anybody who could pass messages on to it');
      return;
    }
    if (!isAsked) this.#attempt++;
    this.#grant = undefined;
    this.#router.isCommitting = false;
    this.#askFor(predecessor);
  }

  #askFor(predecessor: Peer): void {
    this.#isQueued = false;
    this.#enter('requesting', requestMs * this.#resendPatience);
    this.#detour.request(predecessor, this.#attempt);
  }

  /** In the queue of a gap that is busy the place is kept by asking with the same number. */
  #askAgain(): void {
    const predecessor = this.#predecessor;
    if (this.#isQueued && predecessor !== undefined && this.#candidates.closestBehind() === predecessor) this.#askFor(predecessor);
    else this.#redirect();
  }

  #commit(): void {
    const predecessor = this.#predecessor;
    if (this.#grant === undefined || predecessor === undefined) return;
    if (this.#candidates.closestBehind() !== predecessor) {
      this.#redirect();
      return;
    }
    this.#commits++;
    this.#enter('committing', commitMs * this.#resendPatience);
    this.#router.isCommitting = true;
    const { self } = this.#context;
    const { attempt, token } = this.#grant;
    this.#context.send(predecessor, { type: 'joinCommit', attempt, token, joiner: self, predecessor: predecessor.contact });
  }

  /**
   * Half of the grant's time is over, and some near node has neither answered nor been found dead. It is no end of the gap, as long as both
   * ends have answered: then this node goes on asking it as a member, rather than keep others out of the gap for another attempt.
   */
  #onUnconfirmed(): void {
    const successor = this.#grant && this.#context.peers.get(this.#grant.successor.id);
    if (this.#predecessor?.isLeaf === true && successor?.isLeaf === true) this.#commit();
    else this.#pause('not all neighbours answered');
  }

  /** The predecessor may refuse at the request and at the commit, the successor only at the commit. */
  #mayRefuse(from: Peer): boolean {
    if (this.#stage === 'requesting') return from === this.#predecessor;
    return this.#stage === 'committing' && (from === this.#predecessor || this.#isSuccessor(from));
  }

  /** Whether the grant names this peer as the clockwise end of the gap: the predecessor itself when it is alone. */
  #isSuccessor(peer: Peer): boolean {
    return this.#grant?.successor.id.equals(peer.id) === true;
  }

  /** Asks again, whoever is the predecessor by now; with a pause when that leads nowhere. */
  #redirect(): void {
    this.#redirects++;
    if (this.#redirects > redirectsMax) this.#pause('the neighbours do not agree yet');
    else {
      this.#request();
      this.#candidates.askNear();
    }
  }

  #pause(reason: string): void {
    this.#search.abandon();
    this.#search.exhaust(this.#candidates.values());
    this.#router.isCommitting = false;
    this.#candidates.clear();
    const factor = Math.min(backoffFactorMax, 2 ** this.#failures);
    this.#failures++;
    this.#context.emit({ type: 'joinRefused', reason });
    this.#enter('pausing', this.#context.jittered(this.#context.config.joinRetryMs * factor));
  }

  #finish(): void {
    this.#search.end();
    this.#router.isCommitting = false;
    this.#failures = 0;
    this.#silences = 0;
    this.#stage = 'idle';
    this.#context.deadlines.cancel(this.#deadline);
  }

  #enter(stage: Stage, timeoutMs: number): void {
    this.#stage = stage;
    this.#context.deadlines.move(this.#deadline, this.#context.now.monoMs + timeoutMs);
  }
}
