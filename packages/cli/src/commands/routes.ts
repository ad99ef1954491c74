import type { RoutesReply } from '@dht/node';
import type { Command } from 'commander';
import { examples } from '../options.ts';
import { renderTable } from '../output/table.ts';
import { shortAddress, shortId } from '../output/text.ts';
import { formatDuration } from '../output/units.ts';
import type { Session } from '../session.ts';

export function registerRoutes(program: Command, session: Session): void {
  program
    .command('routes')
    .summary('show the routing table')
    .description('Shows the routing table: a row is the number of leading digits shared with this node, a column the next digit.')
    .addHelpText('after', examples('dht routes', 'dht routes --json'))
    .action(async () => {
      const client = await session.client();
      await session.answer(await client.routes({ signal: session.io.signal }), describe);
    });
}

function describe(routes: RoutesReply): string {
  const rows = routes.rows.flatMap(({ row, column, contacts }) =>
    contacts.map((contact, rank) => [
      rank === 0 ? String(row) : '',
      rank === 0 ? column.toString(16) : '',
      shortId(contact.id),
      contact.rttMs === undefined ? '-' : formatDuration(contact.rttMs),
      contact.connected ? 'open' : '-',
      shortAddress(contact.multiaddrs),
    ]),
  );
  if (rows.length === 0) return 'no routes: the leaf set is enough for a network of this size, or this node is alone';
  return renderTable(
    [
      { header: 'ROW', align: 'right' },
      { header: 'COL' },
      { header: 'NODE' },
      { header: 'RTT', align: 'right' },
      { header: 'LINK' },
      { header: 'ADDRESS' },
    ],
    rows,
  );
}
