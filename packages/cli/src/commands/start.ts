import { resolveConfig } from '@dht/node';
import type { Command } from 'commander';
import { runDaemon } from '../daemon-process.ts';
import { examples } from '../options.ts';
import type { Session } from '../session.ts';
import { addDaemonOptions, type DaemonFlags, settingsHelp, settingsOf } from './daemon-options.ts';

export function registerStart(program: Command, session: Session): void {
  const command = program
    .command('start')
    .summary('start the daemon: first node of a new network, or back to the one it knows')
    .description(
      'Starts the daemon in the foreground. In an empty folder it founds a new network and prints the command with which other ' +
        'machines join; in a folder that belongs to a network it goes back to that one, with the same id and all its data. ' +
        'Ctrl-C stops it; what it stores stays on its disk.',
    )
    .option('--replicas <r>', 'copies of every block, for a new network (default: 3)')
    .option('--quorum <w>', 'copies that must be durable before a put is acknowledged, for a new network (default: 2)');
  addDaemonOptions(command)
    .addHelpText('after', settingsHelp)
    .addHelpText(
      'after',
      examples('dht start', 'dht start --listen /ip4/192.168.1.5/tcp/4001', 'DHT_PATH=/srv/dht dht start --replicas 5 --quorum 3'),
    )
    .action((flags: DaemonFlags) => runDaemon(session, { config: resolveConfig(settingsOf(session, flags), session.io.env) }));
}
