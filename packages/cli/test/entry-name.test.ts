import { isAbsolute, relative, resolve } from 'node:path';
import type { DhtError, ListEntry } from '@dht/node';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { safePath } from '../src/files/entry-name.ts';
import { planFolder } from '../src/files/fetch.ts';

function entry(path: string, kind: ListEntry['kind'] = 'file'): ListEntry {
  return { type: 'entry', path, name: path.slice(path.lastIndexOf('/') + 1), kind, cid: 'bafy', size: 1 };
}

function thrownBy(act: () => unknown): Partial<DhtError> {
  try {
    act();
  } catch (error) {
    return error as DhtError;
  }
  return {};
}

describe('names in a fetched folder', () => {
  test.each(['..', '.', '', '../x', 'a/../../x', 'a/..', '/etc/passwd', 'a//b', 'a/', 'a\0b', 'x'.repeat(256)])(
    '%j is an integrity error',
    (path) => {
      expect(thrownBy(() => safePath(path)).exitCode).toBe(6);
    },
  );

  test.each(['a', '.hidden', '...', 'a b/ü/写真.jpg', '-rf', 'a\\b'])('%j is a good name', (path) => {
    expect(safePath(path)).toEqual(path.split('/'));
  });

  test('whatever is accepted stays below the target', () => {
    const piece = fc.constantFrom('..', '.', '', 'a', '/', '\0', '//', '../', '.a', '..a');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const path = pieces.join('/');
        if (thrownBy(() => safePath(path)).exitCode !== undefined) return;
        const way = relative('/target', resolve('/target', path));
        expect(way.startsWith('..') && !way.startsWith('..a')).toBe(false);
        expect(isAbsolute(way)).toBe(false);
        expect(way).not.toBe('');
      }),
    );
  });
});

describe('a folder as it was listed', () => {
  test('is refused when a name comes twice, or something lies below a file or a link', () => {
    expect(thrownBy(() => planFolder([entry('a'), entry('a', 'directory')])).exitCode).toBe(6);
    expect(thrownBy(() => planFolder([entry('a'), entry('a/b')])).exitCode).toBe(6);
    expect(thrownBy(() => planFolder([entry('a', 'symlink'), entry('a/b')])).exitCode).toBe(6);
    expect(thrownBy(() => planFolder([entry('a/b')])).exitCode).toBe(6);
  });

  test('makes outer folders first, whatever the order of the entries', () => {
    const plan = planFolder([entry('a/b/c'), entry('a/b', 'directory'), entry('a', 'directory'), entry('l', 'symlink')]);
    expect(plan.folders.map(({ entry: { path } }) => path)).toEqual(['a', 'a/b']);
    expect(plan.files.map(({ entry: { path } }) => path)).toEqual(['a/b/c']);
    expect(plan.links).toEqual(['l']);
  });
});
