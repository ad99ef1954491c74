import type { ListEntry } from '@dht/node';
import type { Command } from 'commander';
import { examples } from '../options.ts';
import { printable } from '../output/text.ts';
import { formatBytes } from '../output/units.ts';
import type { Session } from '../session.ts';

interface LsFlags {
  readonly recursive?: boolean;
  readonly long?: boolean;
}

export function registerLs(program: Command, session: Session): void {
  program
    .command('ls')
    .summary('list a folder')
    .description('Lists what is in a folder, one entry a line; folders end in `/`, symbolic links in `@`.')
    .argument('<cid[/path]>', 'a folder, or a file for itself')
    .option('-r, --recursive', 'also what is in the folders below')
    .option('-l, --long', 'CID and size in front of the name')
    .addHelpText('after', examples('dht ls bafybei…', 'dht ls -lr bafybei…/src', 'dht ls --json bafybei… | jq -r .cid'))
    .action((target: string, flags: LsFlags) => ls(session, target.replace(/\/+$/, ''), flags));
}

async function ls(session: Session, target: string, flags: LsFlags): Promise<void> {
  const client = await session.client();
  for await (const entry of client.ls(target, { recursive: flags.recursive === true, signal: session.io.signal })) {
    const { type: _, ...fields } = entry;
    if (session.json) await session.printJson(fields);
    else await session.print(flags.long === true ? longLine(session, entry) : name(session, entry));
  }
}

/** Widths are fixed, so that lines come as the entries do: CIDs of one kind are equally long. */
function longLine(session: Session, entry: ListEntry): string {
  const size = entry.kind === 'file' ? formatBytes(entry.size ?? 0) : '-';
  const arrow = entry.target === undefined ? '' : ` -> ${printable(entry.target)}`;
  return `${session.style('dim', entry.cid)}  ${size.padStart(8)}  ${name(session, entry)}${arrow}`;
}

function name(session: Session, entry: ListEntry): string {
  const text = printable(entry.path === '' ? entry.name : entry.path);
  switch (entry.kind) {
    case 'file':
      return text;
    case 'directory':
      return `${session.style('cyan', text)}/`;
    case 'symlink':
      return `${text}@`;
  }
}
