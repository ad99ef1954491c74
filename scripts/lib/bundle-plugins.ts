import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';

const identifier = /^[A-Za-z_$][\w$]*$/;

/**
 * An ES import of a built-in module reads every export of it, and that loads what nobody here uses: of `node:http` WebSocket and
 * fetch (40 ms and 14 MiB, Node 24, measured), of `node:crypto` the Web Crypto API. Here each export stands for itself, and those
 * that are not imported are left out.
 */
export const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup({ onResolve, onLoad }) {
    const namespace = 'builtin';
    onResolve({ filter: /^[a-z_:/0-9]+$/ }, ({ path, kind }) => {
      if (!isBuiltin(path) || kind === 'require-call' || kind === 'require-resolve') return undefined;
      return { path: path.replace('node:', ''), namespace, sideEffects: false };
    });
    onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: builtinSource(path) }));
  },
};

function builtinSource(name: string): string {
  const names = Object.keys(process.getBuiltinModule(name) ?? {}).filter((key) => identifier.test(key) && key !== 'default');
  const exports = names.map((key) => `export const ${key} = /* @__PURE__ */ (() => builtin.${key})();`);
  return [`const builtin = process.getBuiltinModule('node:${name}');`, 'export default builtin;', ...exports].join('\n');
}

const lmdbUrl =
  "process.getBuiltinModule('node:url').pathToFileURL(process.getBuiltinModule('node:module').createRequire(import.meta.url).resolve('lmdb')).href";

/**
 * LMDB is twenty modules, which take longer to find than to run; its native part is found at run time from where the package lies.
 * It brings an encoder with a native part of its own that nobody here needs.
 */
export const bundledLmdb: Plugin = {
  name: 'bundled-lmdb',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^msgpackr-extract$/ }, () => ({ path: 'none', namespace: 'none' }));
    onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: 'module.exports = undefined;' }));
    onLoad({ filter: /node_modules\/(lmdb|msgpackr)\/[^/]+\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { contents: source.replaceAll('import.meta.url', lmdbUrl) };
    });
  },
};
