import { type ImportCandidate, importer } from 'ipfs-unixfs-importer';
import { extract, type TarEntry } from 'it-tar';
import type { CID } from 'multiformats/cid';
import { exitCodes } from '../api/contract.ts';
import { DhtError } from '../error.ts';
import { fixedSizeChunks } from './chunker.ts';
import type { PutSession } from './put-session.ts';

export interface Imported {
  readonly cid: CID;
  /** Bytes of content. */
  readonly size: number;
}

/** IPIP-499: 1 MiB raw leaves, 1024 links, CIDv1. The CIDs are those of `ipfs add` with this profile. */
const profile = 'unixfs-v1-2025';
const chunkBytes = 1024 * 1024;
/** Chunks that the importer hashes before it hands them over; they count beside the bytes on their way. */
const blockWriteConcurrency = 4;

/** Cuts a stream into blocks, which go to the session as they are made. */
export async function importFile(content: AsyncIterable<Uint8Array>, session: PutSession): Promise<Imported> {
  const counter = { bytes: 0 };
  const cid = await importAll([{ content: counted(content, counter) }], session, false);
  return { cid, size: counter.bytes };
}

/**
 * Stores the content of a folder that comes as a tar stream. Entries are files, folders and symbolic links with relative names;
 * anything else throws a `DhtError` 2. The stream must not end before its end mark, or the folder would lack files.
 */
export async function importFolder(tar: AsyncIterable<Uint8Array>, session: PutSession): Promise<Imported> {
  const counter = { bytes: 0 };
  const cid = await importAll(candidates(tar, session, counter), session, true);
  return { cid, size: counter.bytes };
}

async function importAll(
  source: Iterable<ImportCandidate> | AsyncIterable<ImportCandidate>,
  session: PutSession,
  wrapWithDirectory: boolean,
): Promise<CID> {
  let root: CID | undefined;
  // One file after the other: a tar stream has no other order. The blocks of small files still overlap on their way.
  const chunker = fixedSizeChunks(chunkBytes);
  const options = { profile, chunker, wrapWithDirectory, fileImportConcurrency: 1, blockWriteConcurrency } as const;
  // The root comes last.
  for await (const entry of importer(source as Parameters<typeof importer>[0], session, { ...options })) root = entry.cid;
  if (root === undefined) throw new DhtError(exitCodes.error, 'there was nothing to store');
  return root;
}

async function* candidates(
  tar: AsyncIterable<Uint8Array>,
  session: PutSession,
  counter: { bytes: number },
): AsyncGenerator<ImportCandidate> {
  // Makes the folder be there even when it is empty.
  yield { path: '' };
  for await (const { header, body } of extract()(tar)) {
    const path = relativePath(header.name);
    if (path === '') continue;
    session.path = path;
    yield candidate(path, header, counted(body, counter));
  }
}

function candidate(path: string, header: TarEntry['header'], content: AsyncIterable<Uint8Array>): ImportCandidate {
  switch (header.type) {
    case 'file':
    case 'contiguous-file':
      return { path, content };
    case 'directory':
      return { path };
    case 'symlink':
      return { path, link: header.linkname ?? '' } as ImportCandidate;
    default:
      throw new DhtError(exitCodes.usage, `${path} is a ${header.type}, which cannot be stored`, {
        hint: 'A folder may hold files, folders and symbolic links.',
      });
  }
}

/** Without `.` and trailing slashes. Names that lead out of the folder are refused. */
function relativePath(name: string): string {
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (!name.startsWith('/') && !segments.includes('..') && !name.includes('\0')) return segments.join('/');
  throw new DhtError(exitCodes.usage, `the name ${JSON.stringify(name)} leads out of the folder`, {
    hint: 'Names in a folder are relative.',
  });
}

async function* counted(
  content: AsyncIterable<Uint8Array | { subarray(): Uint8Array }>,
  counter: { bytes: number },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    const bytes = chunk instanceof Uint8Array ? chunk : chunk.subarray();
    counter.bytes += bytes.length;
    yield bytes;
  }
}
