import type { IdReply } from '@dht/node';
import type { Command } from 'commander';
import { examples } from '../options.ts';
import { renderFields } from '../output/table.ts';
import type { Session } from '../session.ts';

export function registerId(program: Command, session: Session): void {
  program
    .command('id')
    .summary('show who this node is')
    .description('Shows the ids and the addresses of this node.')
    .addHelpText('after', examples('dht id', 'dht id --json | jq -r .peerId'))
    .action(async () => {
      const client = await session.client();
      await session.answer(await client.id({ signal: session.io.signal }), describe);
    });
}

function describe(id: IdReply): string {
  return renderFields([
    ['node id', id.id],
    ['peer id', id.peerId],
    ['network', id.networkId],
    ['store', id.storeId],
    ['incarnation', String(id.incarnation)],
    ['role', id.role],
    ['version', id.version],
    ['addresses', ...(id.multiaddrs.length === 0 ? ['-'] : id.multiaddrs)],
  ]);
}
