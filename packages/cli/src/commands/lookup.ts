import type { LookupReply } from '@dht/node';
import { type Command, Option } from 'commander';
import { examples } from '../options.ts';
import { ringPosition } from '../output/ring.ts';
import { renderFields, renderTable } from '../output/table.ts';
import { shortAddress, shortId, shortPeerId } from '../output/text.ts';
import { formatDuration } from '../output/units.ts';
import type { Session } from '../session.ts';

interface LookupFlags {
  readonly iterative?: boolean;
}

export function registerLookup(program: Command, session: Session): void {
  program
    .command('lookup')
    .summary('find the nodes responsible for a key, hop by hop')
    .description('Finds the root of a key, which is the node whose id is closest to it, and the other nodes of its replica set.')
    .argument('<cid|key|id>', 'a CID, or 64 hexadecimal digits')
    .addOption(new Option('--recursive', 'each hop passes the question on (default)').conflicts('iterative'))
    .option('--iterative', 'this node asks each hop itself')
    .addHelpText('after', examples('dht lookup bafkrei…', 'dht lookup --iterative 91a2…'))
    .action((target: string, flags: LookupFlags) => lookup(session, target, flags));
}

async function lookup(session: Session, target: string, flags: LookupFlags): Promise<void> {
  const client = await session.client();
  const reply = await client.lookup(target, flags.iterative === true ? 'iterative' : 'recursive', { signal: session.io.signal });
  await session.answer(reply, (value) => describe(session, value));
}

function describe(session: Session, reply: LookupReply): string {
  const heading = renderFields([
    ['key', reply.key],
    ['root', `${session.style('bold', shortId(reply.root.id))}, found in ${formatDuration(reply.elapsedMs)}, ${reply.mode}`],
  ]);
  const path = renderTable(
    [{ header: 'HOP', align: 'right' }, { header: 'NODE' }, { header: 'RTT', align: 'right' }],
    reply.path.map((hop, index) => [String(index + 1), shortId(hop.id), hop.rttMs === undefined ? '-' : formatDuration(hop.rttMs)]),
  );
  const replicas = renderTable(
    [
      { header: 'RANK', align: 'right' },
      { header: 'NODE' },
      { header: 'PEER ID' },
      { header: 'FROM KEY', align: 'right' },
      { header: 'ADDRESS' },
    ],
    reply.replicaSet.map((node, rank) => [
      String(rank + 1),
      shortId(node.id),
      shortPeerId(node.peerId),
      distance(reply.key, node.id),
      shortAddress(node.multiaddrs),
    ]),
  );
  return `${heading}\n\n${path}\n\n${replicas}`;
}

/** The signed distance on the ring, as a part of it. */
function distance(key: string, id: string): string {
  const share = ringPosition(id) - ringPosition(key);
  const wrapped = share > 0.5 ? share - 1 : share <= -0.5 ? share + 1 : share;
  return `${wrapped < 0 ? '−' : '+'}${(Math.abs(wrapped) * 100).toFixed(3)}%`;
}
