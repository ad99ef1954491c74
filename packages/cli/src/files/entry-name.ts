import { DhtError, exitCodes } from '@dht/node';
import { printable } from '../output/text.ts';

/** Longest name that common file systems take, in bytes. */
const nameBytesMax = 255;

/**
 * The names on the way to an entry of a fetched folder. The folder was made by a stranger: a name that could lead out of the
 * target (`..`, an absolute path) or is none (empty, `.`, with NUL) is an integrity error (6), and nothing is written.
 */
export function safePath(path: string): readonly string[] {
  const names = path.split('/');
  for (const name of names) {
    const reason = badName(name);
    if (reason === undefined) continue;
    throw new DhtError(
      exitCodes.integrity,
      `the folder has an entry named "${printable(path)}", whose name ${reason}; nothing was written`,
      {
        hint: 'Whoever made this folder made it wrong or with bad intent. `dht ls` shows it, `dht get <cid>/<path>` fetches parts of it.',
      },
    );
  }
  return names;
}

function badName(name: string): string | undefined {
  if (name === '') return 'is empty or absolute';
  if (name === '.' || name === '..') return 'leads out of the folder';
  if (name.includes('\0')) return 'contains a NUL character';
  if (process.platform === 'win32' && /[\\:]/.test(name)) return 'leads out of the folder';
  if (Buffer.byteLength(name) > nameBytesMax) return `is longer than ${nameBytesMax} bytes`;
  return undefined;
}
