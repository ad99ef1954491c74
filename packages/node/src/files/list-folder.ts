import { exporter } from 'ipfs-unixfs-exporter';
import type { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import type { ListEntry } from '../api/contract.ts';
import type { BlockReader } from './block-reader.ts';
import { type Entry, malformed, openEntry } from './entry.ts';

/** First blocks of entries asked for ahead. */
const aheadMax = 16;

export interface ListOptions {
  readonly recursive?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What a folder holds, in its order, each folder before its content when recursive; of anything else that one itself. */
export async function* listFolder(entry: Entry, reader: BlockReader, options: ListOptions = {}): AsyncGenerator<ListEntry, void> {
  if (entry.kind !== 'directory') {
    yield describe(entry, '', '');
    return;
  }
  yield* listInto(entry.cid, '', reader, options);
}

async function* listInto(cid: CID, prefix: string, reader: BlockReader, options: ListOptions): AsyncGenerator<ListEntry, void> {
  for await (const { name, entry } of opened(cid, reader, options.signal)) {
    const path = `${prefix}${name}`;
    yield describe(entry, path, name);
    if (options.recursive === true && entry.kind === 'directory') yield* listInto(entry.cid, `${path}/`, reader, options);
  }
}

interface Named {
  readonly name: string;
  readonly entry: Entry;
}

/** The entries of one folder; kind and size are in their first blocks, several of which are fetched at once. */
async function* opened(cid: CID, reader: BlockReader, signal: AbortSignal | undefined): AsyncGenerator<Named, void> {
  const options = signal === undefined ? {} : { signal };
  const folder = await exporter(cid, reader, options);
  if (folder.type !== 'directory') throw malformed(cid, 'it should be a folder');
  const waiting: Promise<Named>[] = [];
  for await (const link of folder.entries(options)) {
    const named = open(link.cid, link.name, Number(link.size), reader, signal);
    named.catch(() => {});
    waiting.push(named);
    const next = waiting.length > aheadMax ? waiting.shift() : undefined;
    if (next !== undefined) yield await next;
  }
  for (const next of waiting) yield await next;
}

async function open(cid: CID, name: string, linkSize: number, reader: BlockReader, signal: AbortSignal | undefined): Promise<Named> {
  // The link to a raw block has the size of its content, so that block need not be fetched.
  if (cid.code !== raw.code) return { name, entry: await openEntry(cid, reader, signal) };
  return { name, entry: { cid, kind: 'file', size: linkSize, target: undefined, node: { data: new Uint8Array(), links: [] } } };
}

function describe(entry: Entry, path: string, name: string): ListEntry {
  const { kind, size, target } = entry;
  return {
    type: 'entry',
    path,
    name,
    kind,
    cid: entry.cid.toString(),
    ...(kind === 'file' ? { size } : {}),
    ...(target === undefined ? {} : { target }),
  };
}
