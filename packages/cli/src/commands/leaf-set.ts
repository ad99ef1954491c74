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
  // On a small ring the halves overlap; each node is listed once, on the side on which it is fewer steps away.
  const before = nearerThan(leafSet.counterClockwise, leafSet.clockwise, 0);
  const after = nearerThan(leafSet.clockwise, leafSet.counterClockwise, 1);
  const rows = [
    ...before.map((leaf, index) => leafRow(`−${index + 1}`, self, leaf)).reverse(),
    ['◆', shortId(self), '', '', 'this node', '', ''],
    ...after.map((leaf, index) => leafRow(`+${index + 1}`, self, leaf)),
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

/** The leaves of one half that the other half has not got, or has further away; `tie`: 1 keeps those equally far on both sides. */
function nearerThan(half: readonly LeafReply[], other: readonly LeafReply[], tie: 0 | 1): readonly LeafReply[] {
  return half.filter((leaf, steps) => {
    const otherSteps = other.findIndex(({ id }) => id === leaf.id);
    return otherSteps === -1 || steps < otherSteps + tie;
  });
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
