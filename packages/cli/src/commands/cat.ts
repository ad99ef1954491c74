import type { Command } from 'commander';
import { examples, parseBytes } from '../options.ts';
import type { Session } from '../session.ts';

interface Range {
  readonly offset?: number;
  readonly length?: number;
}

export function registerCat(program: Command, session: Session): void {
  program
    .command('cat')
    .summary('print a file, or a part of it')
    .description(
      'Prints the bytes of a file, or a part of it, as they come. Only the blocks that are needed are fetched, and each is verified.',
    )
    .argument('<cid[/path]>', 'a file')
    .option('--offset <bytes>', 'begin here, for example 4096 or 1MiB', parseBytes)
    .option('--length <bytes>', 'print at most so many', parseBytes)
    .addHelpText(
      'after',
      examples('dht cat bafkrei…', 'dht cat bafybei…/notes.txt | less', 'dht cat --offset 1MiB --length 64KiB bafkrei… > part'),
    )
    .action((target: string, range: Range) => copyToStdout(session, target.replace(/\/+$/, ''), range));
}

/** Copies content to stdout at the pace of its reader. */
export async function copyToStdout(session: Session, target: string, range: Range): Promise<void> {
  const client = await session.client();
  const { body } = await client.get(target, { ...range, signal: session.io.signal });
  for await (const chunk of body) await session.write(chunk);
}
