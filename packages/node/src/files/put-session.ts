import { setTimeout as delay } from 'node:timers/promises';
import { blockBytesMax, type PutResult } from '@dht/storage';
import type { CID } from 'multiformats/cid';
import { exitCodes, type PutProgress, type Receipt } from '../api/contract.ts';
import { DhtError } from '../error.ts';
import { ByteBudget } from '../runtime/byte-budget.ts';
import { type BlockExchange, blockTimeoutMs } from './block-exchange.ts';
import { blockName } from './block-name.ts';
import { ReceiptTally } from './receipt-tally.ts';

const mebibyte = 1024 * 1024;
/** Bytes of blocks on their way at once: enough to keep disks and lines busy, and a bound on memory. */
const inFlightBytesMax = 16 * mebibyte;
/** A put is acknowledged at w copies; a little patience lets its receipt show r. */
const settleGraceMs = 2000;
const progressMs = 100;
/** Blocks remembered so that repeated content is sent once. */
const knownBlocksMax = 20_000;

export interface PutSessionInit {
  readonly exchange: BlockExchange;
  readonly replicas: number;
  readonly writeQuorum: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: PutProgress) => void) | undefined;
}

/**
 * One put of a file or folder: takes the importer's blocks as a blockstore does, keeps a bounded number of bytes on their way,
 * and knows in the end who holds them.
 */
export class PutSession {
  /** The file in work, for progress. */
  path: string | undefined;
  private readonly init: PutSessionInit;
  private readonly tally: ReceiptTally;
  private readonly budget = new ByteBudget(inFlightBytesMax);
  private readonly known = new Set<string>();
  private readonly open = new Set<Promise<void>>();
  private readonly unsettled = new Map<Promise<void>, PutResult>();
  private failure: DhtError | undefined;
  private bytes = 0;
  private blocks = 0;
  private progressAtMs = 0;

  constructor(init: PutSessionInit) {
    this.init = init;
    this.tally = new ReceiptTally(init.replicas, init.writeQuorum);
  }

  /** Resolves when the block is on its way, not when it is stored; throws what an earlier one failed with. */
  async put(cid: CID, bytes: Uint8Array): Promise<CID> {
    if (this.failure !== undefined) throw this.failure;
    const name = blockName(cid);
    if (name.inline !== undefined || this.isKnown(name.key.hex)) return cid;
    if (bytes.length > blockBytesMax) {
      throw new DhtError(exitCodes.error, `block ${cid} has ${bytes.length} bytes, more than the ${blockBytesMax} that one may have`);
    }
    await this.budget.take(bytes.length, this.init.signal);
    this.send({ key: name.key, multihash: name.multihash, size: bytes.length }, bytes);
    return cid;
  }

  /** Waits until every block has its w copies, and a little for r. Throws a `DhtError` with receipt and CID when some have not. */
  async finish(cid: CID): Promise<Receipt> {
    await Promise.all(this.open);
    if (this.failure !== undefined) throw this.failure;
    const grace = new AbortController();
    await Promise.race([Promise.all(this.unsettled.keys()), delay(settleGraceMs, undefined, { signal: grace.signal }).catch(() => {})]);
    grace.abort();
    for (const result of this.unsettled.values()) this.tally.add(result);
    const receipt = this.tally.receipt();
    if (this.tally.belowQuorum > 0) throw belowQuorum(this.tally.belowQuorum, receipt, cid.toString());
    return receipt;
  }

  private isKnown(key: string): boolean {
    if (this.known.has(key)) return true;
    if (this.known.size >= knownBlocksMax) this.known.clear();
    this.known.add(key);
    return false;
  }

  private send(block: Parameters<BlockExchange['put']>[0], bytes: Uint8Array): void {
    const { acknowledged, settled, released } = this.init.exchange.put(block, bytes, {
      timeoutMs: blockTimeoutMs,
      signal: this.init.signal,
    });
    void Promise.all([acknowledged, released]).then(() => this.budget.give(block.size));
    const settling = settled.then((result) => {
      this.unsettled.delete(settling);
      this.tally.add(result);
    });
    const acknowledging = acknowledged.then((result) => {
      this.open.delete(acknowledging);
      if (!result.settled) this.unsettled.set(settling, result);
      this.acknowledge(result, block.size);
    });
    this.open.add(acknowledging);
  }

  private acknowledge(result: PutResult, size: number): void {
    this.failure ??= failureOf(result);
    this.bytes += size;
    this.blocks++;
    const nowMs = performance.now();
    if (nowMs - this.progressAtMs < progressMs) return;
    this.progressAtMs = nowMs;
    const { bytes, blocks, path } = this;
    this.init.onProgress?.({ type: 'progress', bytes, blocks, ...(path === undefined ? {} : { path }) });
  }
}

/** Why a put ends at once. Below w it goes on: the receipt of all blocks says more than the first failure. */
function failureOf({ outcome, holders }: PutResult): DhtError | undefined {
  switch (outcome) {
    case 'stored':
    case 'below-w':
      return undefined;
    case 'full':
      return new DhtError(exitCodes.full, `cannot store: the nodes that would hold a block have no room (copies made: ${holders.length})`, {
        hint: 'Free disk space on the nodes or add a node with room, then run the command again: it continues.',
      });
    case 'timeout':
      return new DhtError(exitCodes.timeout, `cannot store: no answer for a block within ${blockTimeoutMs / 1000} s`, {
        hint: 'Look at `dht status` and `dht peers`, then run the command again: it continues.',
      });
    case 'not-active':
      return new DhtError(exitCodes.unavailable, 'cannot store: this node is not a member of a network now', {
        hint: 'Wait until it has joined (`dht status`), or join through a peer with `dht join <multiaddr>`.',
      });
    case 'cancelled':
      return new DhtError(exitCodes.interrupted, 'interrupted', { hint: 'Run the command again: it continues.' });
  }
}

const shortfallReasons: Readonly<Record<Receipt['shortfall'], { reason: string; hint: string }>> = {
  none: { reason: 'not all copies were confirmed', hint: 'Run the command again: it continues.' },
  'too-few-nodes': {
    reason: 'the network has too few nodes',
    hint: 'The copies made stay. Add nodes; more copies are then made on their own.',
  },
  unreachable: { reason: 'nodes did not answer', hint: 'The copies made stay. Run the command again when the nodes are back.' },
  full: { reason: 'nodes have no room', hint: 'The copies made stay. Free disk space or add a node, then run the command again.' },
};

function belowQuorum(count: number, receipt: Receipt, cid: string): DhtError {
  const { reason, hint } = shortfallReasons[receipt.shortfall];
  const message = `${count} of ${receipt.blocks} blocks have fewer than ${receipt.writeQuorum} durable copies (at least ${receipt.copiesMin}): ${reason}`;
  return new DhtError(exitCodes.quorumNotMet, message, { hint, receipt, cid });
}
