import { ApiClient, DhtError, exitCodes, type IdReply, resolveConfig } from '@dht/node';
import type { Command } from 'commander';
import { runDaemon } from '../daemon-process.ts';
import { examples } from '../options.ts';
import { shortId } from '../output/text.ts';
import type { Session } from '../session.ts';
import { addDaemonOptions, type DaemonFlags, settingsHelp, settingsOf } from './daemon-options.ts';

export function registerJoin(program: Command, session: Session): void {
  const command = program
    .command('join')
    .summary('start the daemon and join a network through any of its nodes')
    .description(
      'Starts the daemon in the foreground and joins the network of the given nodes, any of them. With a daemon running in this ' +
        'folder already, tells that one to join. An address may end in /p2p/<peer id>: then only that peer will do.',
    )
    .argument('<multiaddr...>', 'addresses of nodes of the network');
  addDaemonOptions(command)
    .addHelpText('after', settingsHelp)
    .addHelpText(
      'after',
      examples(
        'dht join /ip4/192.168.1.5/tcp/4001',
        'DHT_PATH=/tmp/second dht join /ip4/127.0.0.1/tcp/4001',
        'dht join --client /dns4/store.example.org/tcp/4001',
      ),
    )
    .action((multiaddrs: readonly string[], flags: DaemonFlags) => join(session, multiaddrs, flags));
}

async function join(session: Session, multiaddrs: readonly string[], flags: DaemonFlags): Promise<void> {
  const config = resolveConfig(settingsOf(session, flags), session.io.env);
  const joined = await joinRunning(session, multiaddrs);
  if (joined === undefined) return await runDaemon(session, { config, join: multiaddrs });
  await session.answer(joined, (id) => `The daemon that runs here, ${shortId(id.id)}, has joined network ${shortId(id.networkId)}.`);
}

/** Tells the daemon of this path to join; undefined when none runs. */
async function joinRunning(session: Session, multiaddrs: readonly string[]): Promise<IdReply | undefined> {
  try {
    const client = await ApiClient.open(session.path);
    return await client.join(multiaddrs, { signal: session.io.signal });
  } catch (error) {
    // What a daemon left behind that was killed looks like a daemon until one asks it.
    if (error instanceof DhtError && error.exitCode === exitCodes.unreachable) return undefined;
    throw error;
  }
}
