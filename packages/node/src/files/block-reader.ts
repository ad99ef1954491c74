import type { CID } from 'multiformats/cid';
import { type ExitCode, exitCodes } from '../api/contract.ts';
import { DhtError } from '../error.ts';
import type { BlockAnswer } from '../runtime/runtime.ts';
import { type BlockExchange, blockTimeoutMs } from './block-exchange.ts';
import { blockName } from './block-name.ts';

/** Reads blocks by CID, wherever they are. Also a blockstore as the UnixFS exporter wants one. */
export class BlockReader {
  private readonly exchange: BlockExchange;

  constructor(exchange: BlockExchange) {
    this.exchange = exchange;
  }

  /** The verified bytes. Throws a `DhtError` that says why they cannot be had. */
  async read(cid: CID, signal?: AbortSignal): Promise<Uint8Array> {
    const name = blockName(cid);
    if (name.inline !== undefined) return name.inline;
    const answer = await this.exchange.get(name.key, name.multihash, { timeoutMs: blockTimeoutMs, signal });
    if (answer.outcome === 'found') return answer.bytes;
    throw failure(cid, answer.outcome);
  }

  async *get(cid: CID, options?: { readonly signal?: AbortSignal }): AsyncGenerator<Uint8Array> {
    yield await this.read(cid, options?.signal);
  }
}

type Miss = Exclude<BlockAnswer['outcome'], 'found'>;

const misses: Readonly<Record<Miss, { exitCode: ExitCode; reason: string; hint: string }>> = {
  'not-found': {
    exitCode: exitCodes.notFound,
    reason: 'is not in this network: all nodes that would hold it were asked',
    hint: 'Check the CID, and that this node is in the right network (`dht status`).',
  },
  unavailable: {
    exitCode: exitCodes.unavailable,
    reason: 'cannot be had now: some of the nodes that may hold it did not answer, or failed and may come back',
    hint: 'Try again when they are back; `dht where <cid>` names them.',
  },
  timeout: { exitCode: exitCodes.timeout, reason: 'did not come in time', hint: 'Try again.' },
  'not-active': {
    exitCode: exitCodes.unavailable,
    reason: 'cannot be had: this node is not a member of a network now',
    hint: 'Wait until it has joined (`dht status`), or join through a peer with `dht join <multiaddr>`.',
  },
  cancelled: { exitCode: exitCodes.interrupted, reason: 'was not fetched: interrupted', hint: 'Run the command again.' },
};

function failure(cid: CID, outcome: Miss): DhtError {
  const { exitCode, reason, hint } = misses[outcome];
  return new DhtError(exitCode, `block ${cid} ${reason}`, { hint });
}
