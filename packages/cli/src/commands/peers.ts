import type { PeerReply } from '@dht/node';
import type { Command } from 'commander';
import { examples } from '../options.ts';
import { renderTable } from '../output/table.ts';
import { shortAddress, shortId, shortPeerId } from '../output/text.ts';
import { formatDuration } from '../output/units.ts';
import type { Session } from '../session.ts';

export function registerPeers(program: Command, session: Session): void {
  program
    .command('peers')
    .summary('show the nodes that this one is connected to')
    .description('Shows the nodes that this one is connected to, the nearest by round-trip time first.')
    .addHelpText('after', examples('dht peers', 'dht peers --json | jq length'))
    .action(async () => {
      const client = await session.client();
      await session.answer(await client.peers({ signal: session.io.signal }), describe);
    });
}

function describe(peers: readonly PeerReply[]): string {
  if (peers.length === 0) return 'no peers: this node is alone, or not yet connected';
  const nearestFirst = peers.toSorted((a, b) => (a.rttMs ?? Number.POSITIVE_INFINITY) - (b.rttMs ?? Number.POSITIVE_INFINITY));
  return renderTable(
    [
      { header: 'NODE' },
      { header: 'PEER ID' },
      { header: 'ROLE' },
      { header: 'RTT', align: 'right' },
      { header: 'DIALLED BY' },
      { header: 'LEAF' },
      { header: 'ADDRESS' },
    ],
    nearestFirst.map((peer) => [
      shortId(peer.id),
      shortPeerId(peer.peerId),
      peer.role,
      peer.rttMs === undefined ? '-' : formatDuration(peer.rttMs),
      peer.direction === 'out' ? 'us' : 'them',
      peer.inLeafSet ? 'yes' : '-',
      shortAddress(peer.multiaddrs),
    ]),
  );
}
