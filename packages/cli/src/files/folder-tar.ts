import { pack, type TarImportCandidate } from 'it-tar';
import type { FolderEntry } from './folder-walk.ts';
import { readStable } from './stable-read.ts';

/** The most that the octal size field of a header holds; larger sizes go into an extended header. */
const headerSizeMax = 0o77777777777;
/** Times say nothing about the content, and the CID must not depend on them. */
const epoch = new Date(0);

/** The folder as a tar stream. Fails, before the end of the archive, when a file changes or vanishes meanwhile. */
export function tarFolder(entries: readonly FolderEntry[]): AsyncGenerator<Uint8Array> {
  return pack()(candidates(entries));
}

async function* candidates(entries: readonly FolderEntry[]): AsyncGenerator<TarImportCandidate> {
  for (const entry of entries) {
    if (entry.kind === 'directory') {
      yield { header: { name: `${entry.name}/`, type: 'directory', mtime: epoch } };
      continue;
    }
    const { size } = entry.state;
    const pax = size > headerSizeMax ? { pax: { size: String(size) } } : {};
    yield { header: { name: entry.name, type: 'file', size, mtime: epoch, ...pax }, body: readStable(entry.path, entry.state) };
  }
}
