import { basename } from 'node:path';
import { type ApiClient, DhtError, type PutOptions, type PutReply, type Receipt } from '@dht/node';
import type { Command } from 'commander';
import { tarFolder } from '../files/folder-tar.ts';
import { assertStorable, inspect, walkFolder } from '../files/folder-walk.ts';
import { fileState, readStable, unreadable } from '../files/stable-read.ts';
import { examples } from '../options.ts';
import { TransferMeter } from '../output/progress.ts';
import { printable } from '../output/text.ts';
import { formatBytes, formatDuration, plural } from '../output/units.ts';
import type { Session } from '../session.ts';

interface PutFlags {
  readonly progress: boolean;
  readonly followLinks?: boolean;
}

export function registerPut(program: Command, session: Session): void {
  program
    .command('put')
    .summary('store a file, a folder or standard input; print the CID')
    .description(
      'Stores a file, a folder or standard input (`-`) on the nodes whose ids are closest to each block, and prints the CID. ' +
        'A folder is stored with everything in it, hidden files included; times and permissions are not kept.',
    )
    .argument('<path>', 'file, folder, or `-` for standard input')
    .option('--follow-links', 'store what symbolic links point to; without it a link is an error')
    .option('--no-progress', 'no progress line on a terminal')
    .addHelpText('after', examples('dht put photo.jpg', 'dht put holiday/', 'tar c src | dht put -', 'cid=$(dht put -q photo.jpg)'))
    .action((path: string, flags: PutFlags) => put(session, path, flags));
}

async function put(session: Session, path: string, flags: PutFlags): Promise<void> {
  const client = await session.client();
  const source = await openSource(session, path, flags);
  const meter = new TransferMeter(source.size, session.io.monoMs());
  let detail = '';
  const line = session.progress(flags.progress, (nowMs) => meter.line(detail === '' ? source.label : `${source.label} ${detail}`, nowMs));
  try {
    const reply = await source.send(client, {
      signal: session.io.signal,
      onProgress: (progress) => {
        meter.update(progress.bytes, session.io.monoMs());
        detail = progress.path === undefined ? '' : printable(progress.path);
      },
    });
    line.close();
    await tell(session, source.label, reply);
  } catch (error) {
    line.close();
    // Some copies exist under this name, though fewer than the network asks for: the exit code says so.
    if (error instanceof DhtError && error.cid !== undefined && !session.json) await session.print(error.cid);
    throw error;
  }
}

interface Source {
  readonly label: string;
  /** Bytes of content, when known. */
  readonly size: number | undefined;
  send(client: ApiClient, options: PutOptions): Promise<PutReply>;
}

async function openSource(session: Session, path: string, flags: PutFlags): Promise<Source> {
  if (path === '-')
    return { label: 'standard input', size: undefined, send: (client, options) => client.putFile(session.io.stdin, options) };
  const trimmed = path.replace(/(?<=.)\/+$/, '');
  const walk = { followLinks: flags.followLinks === true };
  const label = printable(basename(trimmed) || trimmed);
  // `folder/` is that folder even when it is a link to one, as everywhere in Unix.
  const stats = await inspect(path.endsWith('/') && path !== '/' ? `${trimmed}/.` : trimmed, walk).catch((error: unknown) => {
    throw error instanceof DhtError ? error : unreadable(path, error);
  });
  assertStorable(path, stats);
  if (stats.isFile()) {
    const state = fileState(stats);
    return {
      label,
      size: state.size,
      send: (client, options) => client.putFile(readStable(trimmed, state), { ...options, size: state.size }),
    };
  }
  const entries = await walkFolder(trimmed, walk);
  const size = entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.state.size : 0), 0);
  return { label, size, send: (client, options) => client.putFolder(tarFolder(entries), options) };
}

async function tell(session: Session, label: string, reply: PutReply): Promise<void> {
  if (session.json) {
    const { type: _, ...result } = reply;
    await session.printJson(result);
    return;
  }
  await session.print(reply.cid);
  const { receipt } = reply;
  session.note(
    `${label}: ${formatBytes(reply.size)} in ${plural(receipt.blocks, 'block')}, ${copies(receipt)}, ${formatDuration(reply.elapsedMs)}`,
  );
  if (receipt.copiesMin < receipt.replicas) session.note(shortfallNote(receipt));
}

function copies(receipt: Receipt): string {
  return `${receipt.copiesMin} of ${receipt.replicas} copies on ${plural(receipt.holders.length, 'node')}`;
}

function shortfallNote(receipt: Receipt): string {
  switch (receipt.shortfall) {
    case 'too-few-nodes':
      return `The network is smaller than ${receipt.replicas} nodes; it makes the missing copies when more join.`;
    case 'full':
      return 'Some nodes are full; the network makes the missing copies when there is room.';
    case 'none':
    case 'unreachable':
      return 'The network makes the missing copies on its own.';
  }
}
