import type { Context } from './context.ts';
import type { JoinCommittedMessage } from './messages.ts';
import type { Peer } from './peers.ts';
import type { Verifications } from './verification.ts';

/**
 * The joiner's way past a cut: it cannot talk with its predecessor to be, but witnesses reach that node, so that it is *relayed*. The
 * steps of the join are the same, under the same grant. Those between the two go through a common neighbour, as the driver of the
 * overlay does with all that this node sends to a relayed member.
 */
export class JoinDetour {
  readonly #context: Context;
  readonly #verifications: Verifications;
  /** Whom this node has asked through another. */
  #asked: Peer | undefined;

  constructor(context: Context, verifications: Verifications) {
    this.#context = context;
    this.#verifications = verifications;
  }

  /** Whether there is no way to the predecessor at all. */
  isClosed(predecessor: Peer): boolean {
    return predecessor.relayed && this.#context.commonNeighbours(predecessor, 1).length === 0;
  }

  /** Asks for the grant: directly, as long as nobody has found that only others reach the predecessor. */
  request(predecessor: Peer, attempt: number): void {
    this.#asked = predecessor.relayed ? predecessor : undefined;
    const joiner = predecessor.relayed && { joiner: this.#context.self };
    this.#context.send(predecessor, { type: 'joinRequest', attempt, ...joiner });
  }

  /** Whether it has turned out since the last request that this was on a way that leads nowhere. */
  isWrongWay(predecessor: Peer): boolean {
    return this.#context.isFailed(predecessor.contact) || (predecessor.relayed && this.#asked !== predecessor);
  }

  /** No answer came through the others. A joiner watches nobody, so it has to ask whether the predecessor still lives. */
  onSilence(predecessor: Peer): void {
    if (predecessor.relayed) this.#verifications.start(predecessor, 'silent', { routed: false, delayMs: 0 });
  }

  /**
   * The predecessor will not hear that this node is active: it is told so by the message that let this node in. Should that be lost, it
   * hears of it from others, and asks them.
   */
  onJoined(predecessor: Peer, committed: JoinCommittedMessage): void {
    if (predecessor.relayed) this.#context.send(predecessor, committed);
  }
}
