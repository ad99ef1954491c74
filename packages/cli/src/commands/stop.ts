import type { Command } from 'commander';
import { examples } from '../options.ts';
import { untilGone } from '../process-end.ts';
import type { Session } from '../session.ts';

export function registerStop(program: Command, session: Session): void {
  program
    .command('stop')
    .summary('stop the daemon now; its data stays on its disk')
    .description(
      'Stops the daemon now, and waits until it has ended. What it stores stays on its disk and the other nodes make up for it; ' +
        '`dht start` brings it back. To hand its data over first, use `dht leave`.',
    )
    .addHelpText('after', examples('dht stop', 'DHT_PATH=/tmp/second dht stop'))
    .action(async () => {
      const client = await session.client();
      await client.stop({ signal: session.io.signal });
      await untilGone(client.pid, session.io.signal);
      await session.answer({ stopped: true, pid: client.pid }, () => 'The daemon has stopped.');
    });
}
