import * as dagPb from '@ipld/dag-pb';
import { UnixFS } from 'ipfs-unixfs';
import { walkPath } from 'ipfs-unixfs-exporter';
import type { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import { exitCodes } from '../api/contract.ts';
import { DhtError } from '../error.ts';
import { parseCid } from './block-name.ts';
import type { BlockReader } from './block-reader.ts';

type EntryKind = 'file' | 'directory' | 'symlink';

/** A file, folder or symbolic link, its first block read. */
export interface Entry {
  readonly cid: CID;
  readonly kind: EntryKind;
  /** Bytes of a file's content. */
  readonly size: number;
  /** Where a symbolic link points to. */
  readonly target: string | undefined;
  readonly node: FileNode;
}

/** One node of a file's tree: bytes of its own, and links to what follows them. */
export interface FileNode {
  readonly data: Uint8Array;
  readonly links: readonly { readonly cid: CID; readonly size: number }[];
}

/** `<cid>[/path]`, also behind `/ipfs/`. Throws a `DhtError`: 2 for what is no CID, 3 when the path leads nowhere. */
export async function openTarget(target: string, reader: BlockReader, signal?: AbortSignal): Promise<Entry> {
  return openEntry(await resolveTarget(target, reader, signal), reader, signal);
}

/** The CID that a target leads to; its own block is not read. */
export async function resolveTarget(target: string, reader: BlockReader, signal?: AbortSignal): Promise<CID> {
  const [root = '', ...path] = target
    .replace(/^\/?ipfs\//, '')
    .split('/')
    .filter((segment) => segment !== '');
  const cid = parseCid(root);
  return path.length === 0 ? cid : resolvePath(cid, path, reader, signal);
}

export async function openEntry(cid: CID, reader: BlockReader, signal?: AbortSignal): Promise<Entry> {
  const block = await reader.read(cid, signal);
  if (cid.code === raw.code) return { cid, kind: 'file', size: block.length, target: undefined, node: { data: block, links: [] } };
  const { unixfs, node } = decodeNode(cid, block);
  switch (unixfs.type) {
    case 'directory':
    case 'hamt-sharded-directory':
      return { cid, kind: 'directory', size: 0, target: undefined, node };
    case 'symlink':
      return { cid, kind: 'symlink', size: 0, target: new TextDecoder().decode(unixfs.data), node };
    case 'file':
    case 'raw':
      return { cid, kind: 'file', size: Number(unixfs.fileSize()), target: undefined, node };
    default:
      throw malformed(cid, `it is of type ${unixfs.type}`);
  }
}

/** A node inside a file. */
export function decodeFileNode(cid: CID, block: Uint8Array): FileNode {
  return cid.code === raw.code ? { data: block, links: [] } : decodeNode(cid, block).node;
}

export function malformed(cid: CID, reason: string): DhtError {
  return new DhtError(exitCodes.integrity, `${cid} is not a whole file or folder: ${reason}`, {
    hint: 'Its bytes are what its CID says, so whoever made it made it wrong.',
  });
}

function decodeNode(cid: CID, block: Uint8Array): { readonly unixfs: UnixFS; readonly node: FileNode } {
  try {
    const { Data, Links } = dagPb.decode(block);
    const unixfs = UnixFS.unmarshal(Data ?? new Uint8Array());
    const links = Links.map((link, i) => ({ cid: link.Hash, size: Number(unixfs.blockSizes[i] ?? 0n) }));
    return { unixfs, node: { data: unixfs.data ?? new Uint8Array(), links } };
  } catch (error) {
    throw malformed(cid, error instanceof Error ? error.message : String(error));
  }
}

async function resolvePath(root: CID, path: readonly string[], reader: BlockReader, signal: AbortSignal | undefined): Promise<CID> {
  const options = signal === undefined ? {} : { signal };
  let remainder: readonly string[] = path;
  let cid = root;
  try {
    for await (const entry of walkPath(`${root}/${path.join('/')}`, reader, options)) ({ cid, remainder } = entry);
  } catch (error) {
    if (error instanceof DhtError || !(error instanceof Error)) throw error;
    if (!['NotFoundError', 'BadPathError'].includes(error.name)) throw malformed(cid, error.message);
  }
  if (remainder.length === 0) return cid;
  throw new DhtError(exitCodes.notFound, `there is no ${JSON.stringify(path.join('/'))} in ${root}`, {
    hint: `See what is there with \`dht ls ${root}\`.`,
  });
}
