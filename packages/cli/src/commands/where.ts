import { DhtError, exitCodes, type WhereBlock, type WhereSummary } from '@dht/node';
import type { Command } from 'commander';
import { examples } from '../options.ts';
import { shortCid, shortId } from '../output/text.ts';
import { formatBytes, plural } from '../output/units.ts';
import type { Session } from '../session.ts';

export function registerWhere(program: Command, session: Session): void {
  program
    .command('where')
    .summary('show which nodes hold each block')
    .description(
      'Asks the nodes that are responsible for each block of a file or folder whether they hold it, and shows their ids. ' +
        'Marks: `-` has it not, `?` did not answer, `~` holds it but is still being brought up to date, `+` holds it beyond its duty.',
    )
    .argument('<cid>', 'a file or folder')
    .addHelpText('after', examples('dht where bafybei…', 'dht where --json bafybei… | jq .replicaSet'))
    .action((cid: string) => where(session, cid));
}

async function where(session: Session, cid: string): Promise<void> {
  const client = await session.client();
  const blocks = client.where(cid, { signal: session.io.signal });
  for (let first = true; ; first = false) {
    const step = await blocks.next();
    if (step.done === true) return await conclude(session, cid, step.value);
    // Not before there is something below it: the first answer may be an error.
    if (first && !session.json) await session.print(session.style('bold', row('BLOCK', 'SIZE', 'COPIES', 'NODES')));
    await session.answer(step.value, blockLine);
  }
}

async function conclude(session: Session, cid: string, summary: WhereSummary): Promise<void> {
  if (session.json) await session.printJson(summary);
  else
    session.note(`\n${plural(summary.blocks, 'block')}, each on at least ${plural(summary.copiesMin, 'node')} (r = ${summary.replicas})`);
  if (summary.copiesMin > 0) return;
  throw new DhtError(exitCodes.unavailable, `no reachable node holds every block of ${cid}`, {
    hint: 'The nodes that hold the rest may be away: try again when they are back, or put the content again.',
  });
}

function blockLine(block: WhereBlock): string {
  const holders = new Set(block.replicaSet.filter((node) => node.state === 'holds').map((node) => node.storeId ?? node.id));
  for (const other of block.others) holders.add(other.storeId);
  const nodes = block.replicaSet.map((node) => `${shortId(node.id)}${mark(node.state, node.synced)}`);
  const others = block.others.map((node) => `${shortId(node.id)}+`);
  const size = block.size === undefined ? '-' : formatBytes(block.size);
  return row(shortCid(block.cid), size, `${holders.size}/${block.replicaSet.length}`, [...nodes, ...others].join(' '));
}

function mark(state: 'holds' | 'absent' | 'silent', synced: boolean): string {
  switch (state) {
    case 'holds':
      return synced ? '' : '~';
    case 'absent':
      return '-';
    case 'silent':
      return '?';
  }
}

function row(block: string, size: string, copies: string, nodes: string): string {
  return `${block.padEnd(17)}  ${size.padStart(8)}  ${copies.padStart(6)}  ${nodes}`;
}
