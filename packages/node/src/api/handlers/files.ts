import { once } from 'node:events';
import { DhtError } from '../../error.ts';
import type { Entry } from '../../files/entry.ts';
import type { Node } from '../../node.ts';
import type { Views } from '../../views.ts';
import { exitCodes, type WhereBlock } from '../contract.ts';
import type { Exchange } from '../exchange.ts';
import { parseRange } from '../range.ts';
import type { Routes } from '../server.ts';
import { notActive } from './views.ts';

const whereTimeoutMs = 10_000;
const whereAheadMax = 16;

/** Files and folders, and where their blocks are. What UnixFS needs is loaded by the first request that needs it. */
export function fileRoutes(node: Node, views: Views): Routes {
  return {
    'PUT files': (exchange) => put(exchange, node, 'importFile'),
    'PUT folders': (exchange) => put(exchange, node, 'importFolder'),
    'GET files': (exchange) => get(exchange, node),
    'GET ls': (exchange) => list(exchange, node),
    'GET where': (exchange) => where(exchange, node, views),
  };
}

async function put(exchange: Exchange, node: Node, kind: 'importFile' | 'importFolder'): Promise<void> {
  const { network, runtime } = node;
  if (network === undefined || node.core === undefined) throw notActive();
  const startedMs = performance.now();
  const [importing, { PutSession }] = await Promise.all([import('../../files/import.ts'), import('../../files/put-session.ts')]);
  const { replicas, writeQuorum } = network.descriptor;
  const { signal } = exchange;
  const session = new PutSession({ exchange: runtime, replicas, writeQuorum, signal, onProgress: (progress) => exchange.line(progress) });
  const { cid, size } = await importing[kind](exchange.body(), session);
  const receipt = await session.finish(cid);
  exchange.done({ cid: cid.toString(), size, receipt, elapsedMs: performance.now() - startedMs });
}

async function get(exchange: Exchange, node: Node): Promise<void> {
  const { request, response, signal } = exchange;
  const startedMs = performance.now();
  const { entry, reader } = await openTarget(exchange, node);
  const openMs = performance.now() - startedMs;
  if (entry.kind !== 'file') throw notAFile(entry);
  const range = parseRange(request.headers.range, entry.size);
  const { offset, length } = range ?? { offset: 0, length: entry.size };
  response.writeHead(range === undefined ? 200 : 206, {
    'content-type': 'application/octet-stream',
    'content-length': length,
    'accept-ranges': 'bytes',
    'server-timing': `open;dur=${openMs.toFixed(3)}`,
    ...(range === undefined ? {} : { 'content-range': `bytes ${offset}-${offset + length - 1}/${entry.size}` }),
  });
  const { readFile } = await import('../../files/read-file.ts');
  for await (const bytes of readFile(entry, reader, { offset, length, signal })) {
    if (!response.write(bytes)) await once(response, 'drain', { signal });
  }
  response.end();
}

async function list(exchange: Exchange, node: Node): Promise<void> {
  const { entry, reader } = await openTarget(exchange, node);
  const { listFolder } = await import('../../files/list-folder.ts');
  const recursive = ['1', 'true'].includes(exchange.target.query.get('recursive') ?? '');
  for await (const item of listFolder(entry, reader, { recursive, signal: exchange.signal })) await exchange.lineInTurn(item);
  exchange.done({});
}

async function where(exchange: Exchange, node: Node, views: Views): Promise<void> {
  const [{ blockName }, { walkBlocks }, { resolveTarget }, { BlockReader }] = await Promise.all([
    import('../../files/block-name.ts'),
    import('../../files/walk-blocks.ts'),
    import('../../files/entry.ts'),
    import('../../files/block-reader.ts'),
  ]);
  if (node.core === undefined) throw notActive();
  const { signal } = exchange;
  const reader = new BlockReader(node.runtime);
  const root = await resolveTarget(exchange.target.segments.join('/'), reader, signal);
  const summary = { blocks: 0, copiesMin: Number.POSITIVE_INFINITY, replicas: node.network?.descriptor.replicas ?? 0 };
  const report = async (asked: Promise<WhereBlock>): Promise<void> => {
    const block = await asked;
    summary.blocks++;
    summary.copiesMin = Math.min(summary.copiesMin, copiesOf(block));
    await exchange.lineInTurn(block);
  };
  const waiting: Promise<WhereBlock>[] = [];
  for await (const cid of walkBlocks(root, reader, signal)) {
    const name = blockName(cid);
    if (name.inline !== undefined) continue;
    const asked = node.runtime
      .where(name.key, { timeoutMs: whereTimeoutMs, signal })
      .then((result) => views.where(cid, name.key.hex, result));
    asked.catch(() => {});
    waiting.push(asked);
    const next = waiting.length > whereAheadMax ? waiting.shift() : undefined;
    if (next !== undefined) await report(next);
  }
  for (const next of waiting) await report(next);
  exchange.done({ ...summary, copiesMin: summary.blocks === 0 ? 0 : summary.copiesMin });
}

function copiesOf({ replicaSet, others }: WhereBlock): number {
  return replicaSet.filter(({ state }) => state === 'holds').length + others.length;
}

async function openTarget(
  exchange: Exchange,
  node: Node,
): Promise<{ entry: Entry; reader: InstanceType<typeof import('../../files/block-reader.ts').BlockReader> }> {
  const [files, { BlockReader }] = await Promise.all([import('../../files/entry.ts'), import('../../files/block-reader.ts')]);
  if (node.core === undefined) throw notActive();
  const reader = new BlockReader(node.runtime);
  return { entry: await files.openTarget(exchange.target.segments.join('/'), reader, exchange.signal), reader };
}

function notAFile({ cid, kind, target }: Entry): DhtError {
  if (kind === 'symlink')
    return new DhtError(exitCodes.usage, `${cid} is a symbolic link to ${target}`, { hint: 'Get the file it points to.' });
  return new DhtError(exitCodes.usage, `${cid} is a folder`, { hint: `See what is in it with \`dht ls ${cid}\`.` });
}
