import type { LeafReply, LeafSetReply } from '@dht/node';
import type { Command } from 'commander';
import { examples } from '../options.ts';
import { clockwiseShare, drawRing } from '../output/ring.ts';
import { renderTable } from '../output/table.ts';
import { shortAddress, shortId } from '../output/text.ts';
import { formatDuration } from '../output/units.ts';
import type { Session } from '../session.ts';

export function registerLeafSet(program: Command, session: Session): void {
  program
    .command('leafset')
    .summary('show the neighbours of this node on the ring')
    .description('Draws the ring with the neighbours of this node, and lists them in the order in which they lie on it.')
    .addHelpText('after', examples('dht leafset', 'dht leafset --json | jq .clockwise[0].id'))
    .action(async () => {
      const client = await session.client();
      await session.answer(await client.leafSet({ signal: session.io.signal }), describe);
    });
}

function describe(leafSet: LeafSetReply): string {
  const self = leafSet.id;
  const members = new Map<string, LeafReply>();
  for (const leaf of [...leafSet.clockwise, ...leafSet.counterClockwise]) members.set(leaf.id, leaf);
  const ring = drawRing([
    { id: self, mark: '◆' },
    ...[...members.values()].map((leaf) => ({ id: leaf.id, mark: leaf.suspected ? '?' : '●' })),
  ]);
  const rows = [
    ...leafSet.counterClockwise.map((leaf, index) => leafRow(`−${index + 1}`, self, leaf)).reverse(),
    ['◆', shortId(self), '', '', 'this node', '', ''],
    ...leafSet.clockwise.map((leaf, index) => leafRow(`+${index + 1}`, self, leaf)),
  ];
  const table = renderTable(
    [
      { header: 'POS', align: 'right' },
      { header: 'NODE' },
      { header: 'AWAY', align: 'right' },
      { header: 'RTT', align: 'right' },
      { header: 'STATUS' },
      { header: 'LINK' },
      { header: 'ADDRESS' },
    ],
    rows,
  );
  return `${ring}\n\n${table}`;
}

function leafRow(position: string, self: string, leaf: LeafReply): readonly string[] {
  const clockwise = position.startsWith('+');
  const share = clockwise ? clockwiseShare(self, leaf.id) : clockwiseShare(leaf.id, self);
  return [
    position,
    shortId(leaf.id),
    `${(share * 100).toFixed(1)}%`,
    leaf.rttMs === undefined ? '-' : formatDuration(leaf.rttMs),
    leaf.suspected ? 'suspected' : leaf.status,
    leaf.connected ? 'open' : '-',
    shortAddress(leaf.multiaddrs),
  ];
}
