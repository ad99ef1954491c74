import type { StatusReply } from '@dht/node';
import type { Command } from 'commander';
import { examples } from '../options.ts';
import { clockwiseShare } from '../output/ring.ts';
import { renderFields } from '../output/table.ts';
import { shortId } from '../output/text.ts';
import { formatBytes, formatDuration, plural } from '../output/units.ts';
import type { Session } from '../session.ts';

export function registerStatus(program: Command, session: Session): void {
  program
    .command('status')
    .summary('show how this node is doing')
    .description('Shows how this node is doing: its state, its part of the ring, what it stores and what it uses.')
    .addHelpText('after', examples('dht status', 'dht status --json | jq -r .status'))
    .action(async () => {
      const client = await session.client();
      await session.answer(await client.status({ signal: session.io.signal }), (status) => describe(session, status));
    });
}

function describe(session: Session, status: StatusReply): string {
  const colour = status.status === 'active' ? 'green' : 'yellow';
  const role = status.role === 'client' ? ', client' : '';
  const repaired = status.repairBytes === 0 ? '' : `, ${formatBytes(status.repairBytes)} moved by repair`;
  return renderFields([
    ['node', `${shortId(status.id)}  ${session.style(colour, status.status)}${role}, up ${formatDuration(status.uptimeMs)}`],
    ['peer id', status.peerId],
    ['network', `${shortId(status.networkId)}  ${describeSize(status)}r = ${status.replicas}, w = ${status.writeQuorum}`],
    ['arc', describeArc(status)],
    [
      'peers',
      `${plural(status.connections, 'connection')}, ${status.leafSetSize} in the leaf set, ${status.routingTableSize} in the routing table`,
    ],
    ['stores', `${plural(status.blocks, 'block')}, ${formatBytes(status.bytes)}${repaired}`],
    ['uses', `${formatBytes(status.rssBytes)} of memory, ${formatDuration(status.cpuSeconds * 1000)} of processor time`],
    ['path', status.path],
    ['addresses', ...(status.multiaddrs.length === 0 ? ['-'] : status.multiaddrs)],
  ]);
}

/** Estimated from the leaf set, which a client does not have. */
function describeSize({ role, estimatedNodes }: StatusReply): string {
  return role === 'client' ? '' : `about ${plural(estimatedNodes, 'node')}, `;
}

function describeArc(status: StatusReply): string {
  if (status.arc === undefined) return '-';
  const { from, to, synced } = status.arc;
  const whole = from === to;
  const share = whole ? 1 : clockwiseShare(from, to);
  const extent = whole ? 'the whole ring' : `${shortId(from)} to ${shortId(to)}, ${(share * 100).toFixed(1)}% of the ring`;
  return `${extent}, ${synced ? 'synced' : 'syncing'}`;
}
