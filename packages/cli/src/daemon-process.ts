import { type Activation, type Daemon, type DaemonOptions, startDaemon } from '@dht/node';
import { renderFields } from './output/table.ts';
import { shellWord, shortId } from './output/text.ts';
import { ReaderGone, type Session } from './session.ts';
import { version } from './version.ts';

/**
 * Runs a daemon in this process until it is told to stop: by Ctrl-C or SIGTERM, by `dht stop` or `dht leave`. What is
 * acknowledged is on its disk at any moment, so a stop is prompt. Rejects when it could not start or not become a member.
 */
export async function runDaemon(session: Session, options: DaemonOptions): Promise<void> {
  const { signal } = session.io;
  const daemon = await startDaemon({ ...options, version });
  const stop = (): void => {
    session.note('Stopping …');
    void daemon.stop();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted) stop();
    for (const notice of daemon.notices) session.warn(notice);
    const activation = await Promise.race([daemon.active, daemon.ended.then(() => undefined)]);
    if (activation !== undefined) await announce(session, daemon, activation);
    await daemon.ended;
  } finally {
    signal.removeEventListener('abort', stop);
    await daemon.stop();
  }
}

async function announce(session: Session, daemon: Daemon, activation: Activation): Promise<void> {
  try {
    if (session.json) await session.printJson(readyObject(daemon, activation));
    else await session.print(`${session.options.quiet === true ? '' : `${introduction(session, daemon, activation)}\n\n`}Daemon is ready`);
  } catch (error) {
    // Whoever started it may have closed our stdout; a daemon lives on without.
    if (!(error instanceof ReaderGone)) throw error;
  }
}

function readyObject(daemon: Daemon, activation: Activation): object {
  const { path, apiPort, identity } = daemon;
  const multiaddrs = daemon.multiaddrs();
  return { type: 'ready', activation, ...identity, multiaddrs, path, apiPort, pid: process.pid, join: addressForOthers(multiaddrs) };
}

function introduction(session: Session, daemon: Daemon, activation: Activation): string {
  const multiaddrs = daemon.multiaddrs();
  const fields = renderFields([
    ['network', `${session.style('bold', shortId(daemon.identity.networkId))}, ${how(activation)}`],
    ['node', session.style('bold', shortId(daemon.identity.id))],
    ['path', daemon.path],
    ['listens on', ...(multiaddrs.length === 0 ? ['nothing'] : multiaddrs)],
  ]);
  const address = addressForOthers(multiaddrs);
  // A client is no way into the ring.
  if (address === undefined || daemon.identity.role === 'client') return fields;
  // Run by npm, this command is not in the shell's path, and on the next machine it will not be either.
  const command = session.io.env.npm_command === undefined ? 'dht' : 'npx dht';
  return `${fields}\n\nTo add the next machine, run there:\n\n  ${command} join ${shellWord(address)}`;
}

function how(activation: Activation): string {
  switch (activation) {
    case 'created':
      return 'founded now';
    case 'joined':
      return 'joined';
    case 'seeded':
      return 'started again by this node, because no other was there';
    case 'attached':
      return 'attached as a client';
  }
}

/** The address that most likely works from another machine. */
export function addressForOthers(multiaddrs: readonly string[]): string | undefined {
  const loopback = /^\/(ip4\/127\.|ip6\/::1\/|ip6\/fe80:)/;
  const reachable = multiaddrs.filter((address) => !loopback.test(address));
  return reachable.find((address) => !address.startsWith('/ip6/')) ?? reachable[0] ?? multiaddrs[0];
}
