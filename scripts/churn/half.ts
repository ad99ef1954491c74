import type { Fleet } from '../lib/fleet.ts';
import type { Peer } from '../lib/peer.ts';
import { sample } from '../lib/random.ts';
import { unreadable, type Witness } from './audit.ts';
import { copiesOf, untilReplicated } from './copies.ts';

const agreeTimeoutMs = 120_000;
const replicationTimeoutMs = 240_000;

export interface HalfReport {
  readonly killed: number;
  readonly returned: number;
  /** From the kill until the leaf sets of all survivors were exact; undefined when they were not in time. */
  readonly survivorsAgreeMs: number | undefined;
  /** From then until every block with at least one surviving copy had r again; undefined when not in time. */
  readonly backToRMs: number | undefined;
  /** Blocks all of whose copies were on nodes of the dead half: about 2⁻ʳ of all. */
  readonly blocksOutOfReach: number;
  readonly blocks: number;
  /** Files that could not be read while the half was down. */
  readonly filesUnavailableWhileDown: number;
  /** Files that could not be read although none of their blocks was out of reach: failures of the system. */
  readonly filesUnavailableWithoutReason: number;
  readonly problem: string | undefined;
}

interface OutOfReach {
  readonly blocks: number;
  readonly blocksOutOfReach: number;
  /** The files that have such a block. */
  readonly cids: ReadonlySet<string>;
}

/** Kills half of the nodes at the same instant, watches the others recover, and starts the dead again on their disks. */
export async function killHalf(witness: Witness, replicas: number, note: (line: string) => void): Promise<HalfReport> {
  const { fleet, catalogue, random } = witness;
  await untilReplicated(catalogue.cids, replicas, fleet, random, replicationTimeoutMs);
  const victims = sample(random, fleet.serving, Math.floor(fleet.serving.length / 2));
  const doomed = await outOfReach(witness, victims);
  for (const victim of victims) victim.kill();
  for (const victim of victims) witness.chronicle.note('killed', victim);
  note(`killed ${victims.length} nodes; ${doomed.blocksOutOfReach} of ${doomed.blocks} blocks had copies on those alone`);
  const agreed = await fleet.untilRingExact(agreeTimeoutMs);
  const reachable = catalogue.cids.filter((cid) => !doomed.cids.has(cid));
  note('ms' in agreed ? `survivors agree after ${agreed.ms} ms` : `survivors disagree: ${agreed.fault}`);
  const backToRMs = await untilReplicated(reachable, replicas, fleet, random, replicationTimeoutMs);
  note(backToRMs === undefined ? `not back to ${replicas} copies` : `back to ${replicas} copies after ${backToRMs} ms`);
  const missing = await unreadable(witness);
  await revive(fleet, victims);
  return {
    killed: victims.length,
    returned: victims.length,
    survivorsAgreeMs: 'ms' in agreed ? agreed.ms : undefined,
    backToRMs,
    blocksOutOfReach: doomed.blocksOutOfReach,
    blocks: doomed.blocks,
    filesUnavailableWhileDown: missing.length,
    filesUnavailableWithoutReason: missing.filter((file) => !doomed.cids.has(file.cid)).length,
    problem: 'fault' in agreed ? agreed.fault : undefined,
  };
}

/** What will be out of reach when these are dead: blocks held by nobody else, and the files they belong to. */
async function outOfReach({ fleet, catalogue, random }: Witness, victims: readonly Peer[]): Promise<OutOfReach> {
  const dead = new Set(victims.map((victim) => victim.id));
  const cids = new Set<string>();
  let blocks = 0;
  let blocksOutOfReach = 0;
  for (const cid of catalogue.cids) {
    const copies = await copiesOf([cid], fleet, random);
    const lost = copies.filter(({ holders }) => holders.every((holder) => dead.has(holder))).length;
    blocks += copies.length;
    blocksOutOfReach += lost;
    if (lost > 0) cids.add(cid);
  }
  return { blocks, blocksOutOfReach, cids };
}

async function revive(fleet: Fleet, victims: readonly Peer[]): Promise<void> {
  await Promise.all(
    victims.map(async (victim) => {
      await victim.process?.ended;
      await fleet.restart(victim);
    }),
  );
}
