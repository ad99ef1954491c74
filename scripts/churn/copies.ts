import { setTimeout as sleep } from 'node:timers/promises';
import type { WhereBlock } from '@dht/node';
import type { Random } from '@dht/overlay';
import type { Fleet } from '../lib/fleet.ts';
import { pooled } from '../lib/pool.ts';
import { pick } from '../lib/random.ts';

const queriesAtOnce = 2;
const whereTimeoutMs = 30_000;
const pollMs = 500;

/** Who holds a block, as `dht where` finds out. */
export interface BlockCopies {
  readonly cid: string;
  /** Ids of the nodes that hold it. */
  readonly holders: readonly string[];
}

/** All blocks of these files with their holders, each file asked through a random node. */
export async function copiesOf(cids: readonly string[], fleet: Fleet, random: Random): Promise<readonly BlockCopies[]> {
  const perFile = await pooled(cids, queriesAtOnce, async (cid) => {
    const client = await pick(random, fleet.serving).client();
    const blocks: BlockCopies[] = [];
    for await (const block of client.where(cid, { signal: AbortSignal.timeout(whereTimeoutMs) })) {
      blocks.push({ cid: block.cid, holders: holdersOf(block) });
    }
    return blocks;
  });
  return perFile.flat();
}

/**
 * Waits until every block of these files has at least `replicas` copies. Gives the milliseconds that took, undefined when it took
 * longer than `timeoutMs`. Files that have them are not asked about again.
 */
export async function untilReplicated(
  cids: readonly string[],
  replicas: number,
  fleet: Fleet,
  random: Random,
  timeoutMs: number,
): Promise<number | undefined> {
  const startMs = performance.now();
  let open = cids;
  for (;;) {
    const short = await pooled(open, queriesAtOnce, (cid) => isShort(cid, replicas, fleet, random));
    open = open.filter((_, index) => short[index]);
    const ms = performance.now() - startMs;
    if (open.length === 0) return Math.round(ms);
    if (ms > timeoutMs) return undefined;
    await sleep(pollMs);
  }
}

async function isShort(cid: string, replicas: number, fleet: Fleet, random: Random): Promise<boolean> {
  try {
    const blocks = await copiesOf([cid], fleet, random);
    return blocks.length === 0 || blocks.some(({ holders }) => holders.length < replicas);
  } catch {
    // Not even its blocks can be named at the moment.
    return true;
  }
}

function holdersOf(block: WhereBlock): readonly string[] {
  const members = block.replicaSet.filter((member) => member.state === 'holds').map((member) => member.id);
  return [...new Set([...members, ...block.others.map((other) => other.id)])];
}
